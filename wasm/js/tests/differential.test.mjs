// The rules that this package has in TypeScript, held to the core's: the same random schemes, secrets and requests to
// both, many of them wrong, and the same outcome.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { coreOf, randomOf, said } from './core.mjs';
import { sigpost } from './package.mjs';

const { Verifier, explain, schemes, sign, standardSecret } = sigpost;
const NOW = 1_700_000_000;
const now = () => NOW * 1000;

const { below, bytes, mostly, one } = randomOf(4);
const maybe = (make, chance = 3) => (below(chance) ? undefined : make());
const times = (most, make) => Array.from({ length: below(most + 1) }, make);
const text = (alphabet, most) => times(most, () => one(alphabet)).join('');

/** What `use` ends with: its result, or what it says is wrong. */
function outcome(use) {
  try {
    return { result: use() };
  } catch (error) {
    if (error?.name !== 'VerificationError') {
      throw error;
    }
    return { error: said(error.code, error.header) };
  }
}

const TEXTS = ['v1=', 'v1,', 'v', 't=', 't', 'v1=t=', ' v', 'v ', ' ', '', 'a b', '=', '0', 'A', '~', '\u00e9', '\t', '\x7f', '\ud800', 'p'.repeat(256), 'q'.repeat(257)];
const LITERALS = ['.', ':', 'v0:', ', ', '~', 'v1', '7', '', ' ', '\u00e9', '\n', 'x'.repeat(256), '!'.repeat(257)];
const HEADERS = ['x-sig', 'x-id', 'x-time', 'x-old', 'x!~*', 'X-Sig', 'x sig', 'x:', '', 'x\u00e9', 'y'.repeat(256), 'z'.repeat(257), undefined];

/** The parts with other texts between them, or with some of them lost, doubled, moved or of no kind that there is. */
function disordered(parts) {
  if (!below(3)) {
    return parts.map((part) => (typeof part === 'string' ? part : { text: one(LITERALS) }));
  }
  const all = [...parts];
  all.splice(below(all.length), below(2), one(['id', 'timestamp', 'body', 'Body', '', { text: one(LITERALS) }]));
  return one([all, all.reverse(), [...parts, ...Array.from({ length: 12 + below(4) }, () => ({ text: '.' }))]]);
}

/** What each part of a scheme may become that is changed at random. */
const CHANGES = {
  name: () => one(['acme-2_', 'Acme', '', 'n'.repeat(64), 'n'.repeat(65), 'a b', '\u0131']),
  header: () => one(HEADERS.slice(0, -1)),
  algorithm: () => one(['hmac-sha512', 'hmac-md5', 'HMAC-SHA1', 'ed25519', 'toString', '']),
  encoding: () => one(['base64', 'Hex', 'base32', '']),
  prefix: () => one(TEXTS),
  separator: () => one([' ', ',', '', ';', ', ', '\t', undefined]),
  signed: disordered,
  idHeader: () => one(HEADERS),
  timestampHeader: () => one(HEADERS),
  timestampPrefix: () => one([...TEXTS, undefined]),
  weakerHeader: () => one(HEADERS),
  tolerance: () => one([0, 1, 2 ** 32 - 1, 2 ** 32, -1, 1.5, NaN, Infinity, -0, 1e21, undefined]),
  body: () => one(['canonical', 'parsed', '']),
  key: () => one(['base64', 'Base64', '']),
};

/** A scheme, of which about half make sense. */
function schemeOf() {
  const [id, time] = [!below(2), below(3)];
  const separator = time === 2 ? one([',', ' ']) : maybe(() => one([',', ' ']));
  const behind = below(3) ? [] : [{ text: one(['', 'v1', ':']) + one(['.', ' ~', 'x']) }];
  const signed = [...(id ? ['id', { text: one(['.', ':', '-']) }] : []), ...(time ? ['timestamp', { text: one(['.', ':v1']) }] : []), 'body', ...behind];
  const scheme = {
    name: 'acme',
    header: 'x-sig',
    algorithm: one([undefined, 'hmac-sha256', 'hmac-sha512', 'hmac-sha1']),
    encoding: one([undefined, 'hex', 'base64', 'base64url']),
    prefix: time === 2 ? one(['v1=', 'v', '~']) : one([undefined, '', 'v1=', 'v ', 'v1,'].filter((prefix) => !separator || !prefix?.includes(separator))),
    separator,
    signed: signed.length === 1 ? maybe(() => signed) : signed,
    idHeader: id ? 'x-id' : undefined,
    timestampHeader: time === 1 ? 'x-time' : undefined,
    timestampPrefix: time === 2 ? one(['t=', 't']) : undefined,
    weakerHeader: one([undefined, undefined, 'x-old']),
    tolerance: time ? one([undefined, 0, 60, 300]) : undefined,
    body: one([undefined, 'raw', 'raw', 'canonical']),
    key: one([undefined, 'whole', 'standard-webhooks', 'base64']),
  };
  for (let left = below(2) && 1 + below(3); left > 0; left -= 1) {
    const part = one(Object.keys(CHANGES));
    scheme[part] = CHANGES[part](scheme[part] ?? ['body']);
  }
  return scheme;
}

/** Secrets that fit every form of key. */
const SECRETS = [65, 66, 67].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);
const [FIT] = SECRETS;

test('a scheme of one\'s own makes sense here exactly when it does to the core', () => {
  const counted = { good: 0, bad: 0 };
  for (let round = 0; round < 10_000; round += 1) {
    const scheme = schemeOf();
    const { result, error } = outcome(() => new Verifier(scheme, FIT));
    result?.dispose();
    // What the core says of a scheme that makes sense is that there is no signature.
    const core = coreOf(scheme, [FIT], [], 'x', NOW);
    assert.equal(error, core === 'invalid_scheme' ? core : undefined, `${core} ${JSON.stringify(scheme)}`);
    counted[error ? 'bad' : 'good'] += 1;
  }
  assert.ok(counted.good > 3000 && counted.bad > 3000, JSON.stringify(counted));
});

const around = (value) => one([`${value}`, `"${value}"`, `'${value}'\n`, ` ${value}`, `${value}\n`, `\`${value}\``, `${value}\x0b`]);

/** A secret, of any kind that there is, and some that are none. */
function secretOf() {
  const length = mostly(one([23, 24, 25, 32, 63, 64, 65]), 0, 1, 2, 3, 22, 66);
  const key = below(12) ? bytes(length) : Buffer.alloc(length, one([0, 32, 61, 10, 11]));
  const base64 = mostly(key.toString('base64'), key.toString('base64url'), key.toString('base64').replace(/=+$/, ''), key.toString('base64').replace(/=$/, ''), `${key.toString('base64')}=`, key.toString('base64').replace(/.(=*)$/, 'B$1'));
  const text = mostly('whsec_', 'whsk_', 'whpk_', '', 'WHSEC_') + base64;
  return below(4) ? (below(4) ? text : around(text)) : one([key, 'plain', 'cl\u00e9', ' ', '', '\0', '\0=', '\x0b', 'whsec_', 'whsec_=\n', '=', 'whsec_\x0b', 'whsec_whsec_QUJD', around('short')]);
}

/** All that a scheme says, presets as well. */
const dataOf = (scheme) => ({ algorithm: 'hmac-sha256', encoding: 'hex', prefix: '', ...(typeof scheme === 'string' ? schemes[scheme] : JSON.parse(JSON.stringify(scheme))) });
const every = Object.keys(schemes).map((scheme) => ({ scheme, data: dataOf(scheme) }));
while (every.length < 150) {
  const scheme = schemeOf();
  const made = outcome(() => new Verifier(scheme, FIT));
  if (made.result) {
    made.result.dispose();
    every.push({ scheme, data: dataOf(scheme) });
  }
}
/** For each scheme a verifier with one secret, one with two, one with three: more than the module has places for keys. */
const verifiers = new Map(every.map(({ scheme }) => [scheme, SECRETS.map((_, last) => new Verifier(scheme, SECRETS.slice(0, last + 1), { now }))]));

test('secrets are keys, or none, exactly where the core says so, and the keys are the same', () => {
  const counted = {};
  for (let round = 0; round < 5000; round += 1) {
    const secrets = [secretOf(), ...times(2, secretOf)];
    const { scheme, data } = one(every);
    const { result, error } = outcome(() => new Verifier(scheme, secrets, { now }));
    const core = coreOf(scheme, secrets, [], 'x', NOW);
    const about = () => `${JSON.stringify(data)} ${secrets.map((secret) => JSON.stringify(String(secret)))}`;
    const code = core.split(":")[0];
    counted[code] = (counted[code] ?? 0) + 1;
    if (error) {
      assert.equal(error, core, about());
      continue;
    }
    result.dispose();
    assert.match(core, /^missing_header: /, about());
    // What is signed here with one of them is genuine to the core.
    const headers = Object.entries(sign(scheme, secrets[0], { body: '1', id: 'i', timestamp: NOW }));
    assert.equal(coreOf(scheme, secrets.slice(0, 1), headers, '1', NOW), undefined, about());
    if (data.key === 'standard-webhooks') {
      assert.equal(coreOf(scheme, [standardSecret(secrets[0])], headers, '1', NOW), undefined, about());
    }
  }
  assert.ok(counted.invalid_secret > 400 && counted.no_secret > 400, JSON.stringify(counted));
});

/** Written in the scheme's way, or nearly. */
function written(tag, { encoding, prefix }) {
  const digits = tag.toString(encoding);
  const base64 = encoding === 'hex' ? digits : tag.toString('base64');
  const bare = base64.replace(/=+$/, '');
  return mostly(
    prefix + (encoding === 'hex' && !below(3) ? digits.toUpperCase() : digits),
    prefix + base64, prefix + bare, `${prefix}${bare}=`, `${prefix}${bare}==`, `${prefix}${base64}=`, `${prefix}${tag.toString('base64url')}=`, prefix + base64.slice(0, below(base64.length)),
    prefix + base64.replace(/[^=](=*)$/, `${one(['B', '/', '-', '%'])}$1`), digits, ` ${prefix}${digits}`, `${prefix}${digits} `, `${prefix} ${digits}`, `${prefix}0x${digits}`, `${prefix.toUpperCase()}${digits}`, `v2,${digits}`, `${prefix}${digits}ab`, prefix, '',
    `${prefix}\u0161${digits.slice(1)}`,
  );
}

/** A signature header: one entry, or a list of them, in which the right one is somewhere. */
function valueOf(right, wrong, scheme) {
  const { separator, timestampPrefix } = scheme;
  if (!separator) {
    return written(right, scheme);
  }
  const entries = times(mostly(3, 18, 20), () => (below(3) ? written(wrong(), scheme) : one(['', 'v0=x', 'x', 't', ' '])));
  entries.splice(below(entries.length + 1), 0, written(right, scheme));
  if (timestampPrefix) {
    const time = `${timestampPrefix}${timeOf()}`;
    entries.splice(mostly(0, entries.length, below(entries.length)), 0, ...mostly([time], [], [time, time]));
  }
  const space = () => ' '.repeat(mostly(0, 1, 2));
  return entries.map((entry) => space() + entry + space()).join(separator) + mostly('', separator, '\t', '\u00a0');
}

const timeOf = () => mostly(one([NOW, NOW, NOW - 300, NOW - 301, NOW + 300, NOW + 301]), `0${NOW}`, `${NOW}abc`, `+${NOW}`, `${NOW}.0`, '', '0', '00', '-1', '1e9', ` ${NOW}`, '9'.repeat(15), '9'.repeat(16), '\u0661', `${NOW}\n`);
const idOf = () => mostly('msg_1', 'a.b', 'a:b', 'a-b', '', 'a b', '\u0142', 'i\t', 'x'.repeat(256), 'x'.repeat(257), text([...'ab.:-~!,'], 4));

/** What is signed, computed without the package. */
function messageOf({ signed = ['body'] }, id, time, body) {
  const bytesOf = (part) => (part === 'body' ? Buffer.from(body) : Buffer.from(part === 'id' ? id : part === 'timestamp' ? String(time) : part.text));
  return Buffer.concat(signed.map(bytesOf));
}

const keyOf = ({ key = 'whole' }, secret) => (key === 'whole' ? Buffer.from(secret) : Buffer.from(secret.slice(6), 'base64'));

/** Headers that are nearly right, in any order, some of them more than once or not at all. */
function headersOf(scheme, secret, body) {
  const { algorithm, header, idHeader, timestampHeader, timestampPrefix, weakerHeader } = scheme;
  const [id, at] = [idOf(), timeOf()];
  const mac = (key, time) => createHmac(algorithm.slice(5), key).update(messageOf(scheme, id, time, body)).digest();
  const value = valueOf(mac(keyOf(scheme, secret), timestampPrefix ? NOW : at), () => one([bytes(20), bytes(32), bytes(64), mac(Buffer.alloc(32, 65), at)]), scheme);
  const pairs = [[header, value], [idHeader, id], [timestampHeader, String(at)], [below(3) ? undefined : weakerHeader, 'x'], ['host', 'x']];
  const kept = pairs.filter(([name]) => name && below(25));
  const twice = below(15) ? [] : [one(kept.length ? kept : pairs.slice(4))];
  const cased = [...kept, ...twice].map(([name, value]) => [mostly(name, name, name.toUpperCase(), name.replace('k', '\u212a')), value]);
  return below(3) ? cased : cased.map((pair) => [below(100), pair]).sort(([a], [b]) => a - b).map(([, pair]) => pair);
}

/** Headers in one of the forms in which platforms have them, and the same as pairs, in the order in which they are read. */
function formOf(pairs, { header, idHeader, timestampHeader, weakerHeader }) {
  const form = below(4);
  if (form === 0) {
    const grouped = {};
    pairs.forEach(([name, value]) => (grouped[name] ??= []).push(value));
    return [grouped, Object.entries(grouped).flatMap(([name, values]) => values.map((value) => [name, value]))];
  }
  try {
    const headers = form === 1 ? new Headers(pairs) : undefined;
    const order = [header, idHeader, timestampHeader, weakerHeader];
    return headers ? [headers, [...headers].sort(([one], [other]) => order.indexOf(one) - order.indexOf(other))] : [pairs, pairs];
  } catch {
    // Some names and values cannot be in one.
    return [pairs, pairs];
  }
}

const BODIES = ['{"a":1}', '', 'x=1&y=2', Buffer.from([0xff, 0xfe, 0x80]), '\ufeff{}', '{ "b": 1.0 }', '["$&", "$$"]'];

test('a request is genuine here exactly when it is to the core, and is refused for the same reason', () => {
  const counted = {};
  for (let round = 0; round < 15_000; round += 1) {
    const [{ scheme, data }, body] = [one(every), one(BODIES)];
    const secrets = SECRETS.slice(0, 1 + below(3));
    const made = headersOf(data, one(SECRETS), data.body === 'canonical' ? '["$&","$$"]' : body);
    const [headers, pairs] = formOf(made, data);
    const core = coreOf(scheme, secrets, pairs, body, NOW);
    const about = () => `${JSON.stringify(data)} ${JSON.stringify(pairs)} ${body}`;
    const { result, error } = outcome(() => verifiers.get(scheme)[secrets.length - 1].verify(headers, body));
    assert.equal(error, core, about());
    if (result) {
      const { secretIndex, id, timestamp } = result;
      const fits = secrets.findIndex((secret) => coreOf(scheme, [secret], pairs, body, NOW) === undefined);
      const find = (wanted) => pairs.find(([name]) => name.toLowerCase() === wanted)?.[1];
      const time = data.timestampPrefix ? new RegExp(`(?:^|${data.separator}) *${data.timestampPrefix}(\\d+)`).exec(find(data.header))[1] : find(data.timestampHeader);
      assert.deepEqual({ secretIndex, id, timestamp }, { secretIndex: fits, id: find(data.idHeader), timestamp: time === undefined ? undefined : Number(time) }, about());
    } else if (!below(20)) {
      // And through the package's own explainer, whose answer is the core's.
      const { code, header } = explain(scheme, secrets, pairs, body, { now, effort: { hashedBytes: 0, longestBody: 0 } });
      assert.equal(said(code, header), core, about());
    }
    const code = core?.split(':')[0] ?? 'genuine';
    counted[code] = (counted[code] ?? 0) + 1;
  }
  for (const code of ['genuine', 'mismatch', 'malformed_header', 'missing_header', 'duplicate_header', 'sha1_only', 'stale_timestamp', 'future_timestamp', 'not_json']) {
    assert.ok(counted[code] > 40, `${code}: ${JSON.stringify(counted)}`);
  }
});

test('what is signed here is genuine to the core, in every scheme, for any bytes', () => {
  for (let round = 0; round < 3000; round += 1) {
    const [{ scheme, data }, which] = [one(every), below(3)];
    const body = data.body === 'canonical' ? JSON.stringify(below(1e9)) : bytes(below(200));
    const message = { body, id: text([...'abc_/'], 20) || 'i', timestamp: NOW };
    const headers = sign(scheme, SECRETS[which], message);
    assert.equal(coreOf(scheme, [SECRETS[which]], Object.entries(headers), body, NOW), undefined, `${JSON.stringify(scheme)} ${JSON.stringify(headers)}`);
    assert.equal(verifiers.get(scheme)[2].verify(headers, body).secretIndex, which);
  }
});
