// Why a signature does not match, through the package: mistakes as people make them, and nothing for a forger.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { codeOf, explaining, folder, instances, sigpost, vectors } from './package.mjs';

const { explain, schemes, sign } = sigpost;
const SECRET = '0123456789abcdef0123456789abcdef';
const JSON_TEXT = '{"id":7,"name":"Zoë — 1/2 <b>","none":{},"tags":["a","b"]}';
const PRETTY = JSON.stringify(JSON.parse(JSON_TEXT), null, 2);

const mac = (key, message, algorithm = 'sha256') => createHmac(algorithm, key).update(message);
const qlik = (value) => ({ 'qlik-signature': value });
const signed = (body, secret = SECRET) => qlik(mac(secret, body).digest('hex'));
const names = ({ verdict, mistakes }) => [verdict, ...mistakes.map(({ code }) => code)];

/** What is said of a body that was signed as `sent`, and is held as `held`. */
const ofBody = (sent, held, headers = {}) => names(explain('qlik', SECRET, { ...signed(sent), ...headers }, held));

test('the module is compiled by the first explanation, not when the package is imported', () => {
  assert.equal(explaining(), undefined);
  const before = instances.length;
  explain('qlik', SECRET, signed(JSON_TEXT), JSON_TEXT);
  assert.equal(instances.length, before + 1);
});

test('a genuine request has nothing wrong with it', () => {
  const expected = { verdict: 'genuine', mistakes: [], hints: [], exhausted: false };
  assert.deepEqual(explain('qlik', SECRET, signed(JSON_TEXT), JSON_TEXT), expected);
  assert.deepEqual(explain('qlik', ['newer', SECRET], new Headers(signed('')), new Uint8Array()), expected);
  const headers = sign('standard-webhooks', SECRET, { body: 'x', id: 'msg_1', timestamp: 1_700_000_000 });
  const now = () => 1_700_000_100_000;
  assert.deepEqual(explain('standard-webhooks', Buffer.from(SECRET), Object.entries(headers), 'x', { now }), expected);
});

test('every shared vector has the verdict that verifying gives it', async () => {
  const known = (await vectors('signature')).flatMap(({ cases }) => cases).filter(({ feature }) => !feature);
  assert.ok(known.length > 1200, `${known.length} cases`);
  const effort = { longestBody: 10_000, hashedBytes: 1e6 };
  for (const { name, scheme, secrets, headers, body: { text, hex, repeat, times }, now, expect } of known) {
    const body = text ?? (hex === undefined ? repeat.repeat(times) : Buffer.from(hex, 'hex'));
    const ask = () => explain(scheme, secrets, headers, body, { now: () => now * 1000, effort });
    if (expect.error === 'no_secret') {
      assert.equal(codeOf(ask), 'no_secret', name);
    } else {
      const { verdict, code } = ask();
      assert.deepEqual([verdict, code], [expect.error ? 'refused' : 'genuine', expect.error], name);
    }
  }
});

test('what became of a body is named', () => {
  const bytes = Buffer.from(JSON_TEXT);
  const form = String(new URLSearchParams({ payload: JSON_TEXT }));
  for (const [code, sent, held] of [
    ['pretty_printed', JSON_TEXT, PRETTY],
    ['reserialized', PRETTY, JSON_TEXT],
    ['reserialized', JSON_TEXT.replaceAll(':', ': ').replaceAll(',', ', '), JSON_TEXT],
    ['newline_added', JSON_TEXT, `${JSON_TEXT}\n`],
    ['newline_dropped', `${JSON_TEXT}\n`, JSON_TEXT],
    ['space_added', JSON_TEXT, `  ${JSON_TEXT} `],
    ['byte_order_mark_added', JSON_TEXT, `\ufeff${JSON_TEXT}`],
    ['byte_order_mark_dropped', `\ufeff${JSON_TEXT}`, JSON_TEXT],
    ['line_endings', 'a\r\nb\r\n', 'a\nb\n'],
    ['decoded_as_latin1', JSON_TEXT, bytes.toString('latin1')],
    ['form_encoded', JSON_TEXT, form],
    ['form_decoded', form, JSON_TEXT],
    ['encoded_twice', JSON_TEXT, JSON.stringify(JSON_TEXT)],
    ['buffer_as_json', JSON_TEXT, JSON.stringify(bytes)],
    ['base64_body', JSON_TEXT, bytes.toString('base64')],
    ['empty_replaced', '', '{}'],
    ['empty_dropped', '{}', ''],
    ['nul_padded', JSON_TEXT, Buffer.concat([bytes, Buffer.alloc(9)])],
  ]) {
    assert.deepEqual(ofBody(sent, held), ['refused', code], `${code}: ${held}`);
  }
  assert.deepEqual(ofBody(JSON_TEXT, `${JSON_TEXT}rest`, { 'content-length': String(bytes.length) }), ['refused', 'too_long']);
});

test('how a secret is held or used otherwise is named', () => {
  const ask = (held, used, scheme = 'qlik') => names(explain(scheme, held, { [schemes[scheme].header]: mac(used, 'x').digest('hex') }, 'x'));
  assert.deepEqual(ask(`${SECRET}\n`, SECRET), ['refused', 'secret_space_around']);
  assert.deepEqual(ask(` ${SECRET}`, SECRET), ['refused', 'secret_space_around']);
  assert.deepEqual(ask(`"${SECRET}"`, SECRET), ['refused', 'secret_quoted']);
  assert.deepEqual(ask(SECRET, `${SECRET}\n`), ['refused', 'secret_newline_dropped']);
  assert.deepEqual(ask(SECRET, Buffer.from(SECRET, 'hex')), ['refused', 'secret_used_from_hex']);
  const whsec = `whsec_${Buffer.from(SECRET).toString('base64')}`;
  assert.deepEqual(ask(whsec, Buffer.from(SECRET)), ['refused', 'secret_used_decoded']);
  assert.deepEqual(ask(whsec, whsec.slice(6), 'generic'), ['refused', 'secret_used_without_prefix']);
  // A secret that is being rotated is no mistake, wherever it stands in the list.
  assert.deepEqual(names(explain('qlik', ['old', SECRET], signed('x'), 'x')), ['genuine']);
  const other = explain('qlik', 'mine', signed('x', 'theirs'), 'x', { otherSecrets: ['another', 'theirs'] });
  assert.deepEqual(names(other), ['refused', 'another_secret']);
  assert.match(other.mistakes[0].message, /number 1 of the others/);
  assert.deepEqual(names(explain('qlik', 'mine', signed('x', 'theirs'), 'x', { otherSecrets: Buffer.from('theirs') })), ['refused', 'another_secret']);
});

test('how a signature is written otherwise is named', () => {
  const digest = mac(SECRET, 'x').digest('hex');
  const ask = (headers, scheme = 'qlik') => names(explain(scheme, SECRET, headers, 'x'));
  assert.deepEqual(ask(qlik(mac(SECRET, 'x').digest('base64'))), ['refused', 'encoding']);
  assert.deepEqual(ask(qlik(Buffer.from(digest).toString('base64'))), ['refused', 'encoding', 'hex_in_base64']);
  assert.deepEqual(ask(qlik(`"${digest}"`)), ['refused', 'quoted_signature']);
  assert.deepEqual(ask(qlik(digest.slice(0, 40))), ['refused', 'truncated_signature']);
  assert.deepEqual(ask(qlik(mac(SECRET, 'x', 'sha512').digest('hex'))), ['refused', 'algorithm']);
  assert.deepEqual(ask(qlik(mac('x', SECRET).digest('hex'))), ['refused', 'swapped_arguments']);
  assert.deepEqual(ask({ 'x-hub-signature-256': digest }, 'github'), ['refused', 'prefix']);
  assert.deepEqual(ask({ HTTP_QLIK_SIGNATURE: digest }), ['refused', 'header_name']);
  assert.deepEqual(ask({ 'x-hub-signature-256': `sha256=${digest}` }), ['refused', 'another_scheme']);
  assert.deepEqual(ask({ 'x-immuta-webhook-signature': mac(SECRET, 'x', 'sha1').digest('hex') }, 'immuta'), ['refused', 'weaker_signature']);
  assert.deepEqual(ask({ 'qlik-signature': [digest, digest] }), ['refused', 'headers']);
});

test('what is wrong with the time is named', () => {
  const ask = (timestamp) => {
    const headers = sign('standard-webhooks', SECRET, { body: 'x', id: 'i', timestamp });
    return names(explain('standard-webhooks', SECRET, headers, 'x', { now: () => 1_700_000_000_000 }));
  };
  assert.deepEqual(ask(1_700_000_000), ['genuine']);
  assert.deepEqual(ask(1_699_999_000), ['refused', 'stale_timestamp']);
  assert.deepEqual(ask(1_700_001_000), ['refused', 'future_timestamp']);
  assert.deepEqual(ask(1_700_000_000_000), ['refused', 'milliseconds']);
});

test('two mistakes at once are both named, with what to do about each', () => {
  const explanation = explain('qlik', `${SECRET}\n`, signed(JSON_TEXT), PRETTY);
  assert.deepEqual(names(explanation), ['refused', 'pretty_printed', 'secret_space_around']);
  assert.equal(explanation.code, 'mismatch');
  assert.match(explanation.message, /^[a-z].{20}/);
  assert.match(explanation.mistakes[0].fix, /take the body before any parser/);
});

test('a scheme of the caller\'s own is explained too, and a verdict names the header', () => {
  const own = { name: 'acme', header: 'x-acme', prefix: 'v0=', timestampHeader: 'x-acme-time', signed: [{ text: 'v0:' }, 'timestamp', { text: ':' }, 'body'] };
  const now = () => 1_700_000_000_000;
  const headers = sign(own, SECRET, { body: JSON_TEXT, timestamp: 1_700_000_000 });
  assert.deepEqual(names(explain(own, SECRET, headers, PRETTY, { now })), ['refused', 'pretty_printed']);
  const { code, header } = explain(own, SECRET, { 'x-acme': headers['x-acme'] }, JSON_TEXT, { now });
  assert.deepEqual([code, header], ['missing_header', 'x-acme-time']);
  const canonical = { ...schemes.immuta, body: 'canonical' };
  const asSent = explain(canonical, SECRET, { [canonical.header]: mac(SECRET, PRETTY).digest('hex') }, PRETTY);
  assert.deepEqual(names(asSent), ['refused', 'signed_as_sent']);
});

test('a secret that is no key of the scheme is told as such', () => {
  const { verdict, code, mistakes } = explain('svix', 'not base64!', { 'svix-signature': 'v1,AAAA' }, 'x');
  assert.deepEqual([verdict, code, mistakes], ['refused', 'invalid_secret', []]);
});

test('a signature of somebody who does not have the secret proves nothing', () => {
  for (let round = 0; round < 50; round += 1) {
    const tag = randomBytes(32);
    const value = tag.toString(round % 2 ? 'hex' : 'base64');
    const body = round % 3 ? PRETTY : randomBytes(100);
    const { verdict, mistakes, exhausted } = explain('qlik', SECRET, qlik(value), body);
    assert.deepEqual([verdict, mistakes, exhausted], ['refused', [], false]);
  }
});

test('what can be seen without the signature is hinted at, and nothing is proven by it', () => {
  const hints = (held, headers = {}) => {
    const explanation = explain('qlik', SECRET, { ...signed('what was sent'), ...headers }, held);
    assert.deepEqual(names(explanation), ['refused']);
    return explanation.hints.map(({ code }) => code);
  };
  assert.deepEqual(hints(''), ['empty_body']);
  assert.deepEqual(hints(JSON_TEXT.slice(0, -9)), ['cut_json']);
  assert.deepEqual(hints('[object Object]'), ['object_object']);
  assert.deepEqual(hints('x', { 'content-length': '4000' }), ['truncated_body']);
  assert.deepEqual(hints('caf\ufffd'), ['replacement_character']);
  assert.deepEqual(hints(JSON_TEXT, { 'content-encoding': 'gzip' }), ['decompressed_body']);
});

test('every name that can be told is in the types', async () => {
  const types = await readFile(`${folder}/generated/mistakes.d.ts`, 'utf8');
  for (const code of ['pretty_printed', 'secret_quoted', 'another_secret', 'cut_json']) {
    assert.ok(types.includes(`'${code}'`), code);
  }
  assert.ok(types.match(/'\w+'/g).length > 50);
});

test('nothing that is told is a signature or a key', () => {
  const keys = [SECRET, Buffer.from(SECRET).toString('base64'), Buffer.from(SECRET).toString('hex')];
  const shapes = (body) => ['sha1', 'sha256', 'sha512'].flatMap((algorithm) =>
    ['hex', 'base64', 'base64url'].map((encoding) => mac(SECRET, body, algorithm).digest(encoding)));
  const secrets = [...keys, ...[JSON_TEXT, PRETTY, `${JSON_TEXT}\n`].flatMap(shapes)];
  for (const [headers, body] of [
    [signed(JSON_TEXT, 'a forger'), JSON_TEXT],
    [signed(JSON_TEXT, 'a forger'), PRETTY],
    [{}, JSON_TEXT],
    [qlik('not a signature'), `${JSON_TEXT}\n`],
    [{ 'x-hub-signature-256': 'sha256=00' }, JSON_TEXT],
  ]) {
    for (const held of [SECRET, `${SECRET}\n`]) {
      const told = JSON.stringify(explain('qlik', held, headers, body, { otherSecrets: `"${SECRET}"` }));
      assert.deepEqual(secrets.filter((secret) => told.includes(secret)), []);
    }
  }
});

test('arguments that are none are refused as a verifier refuses them', () => {
  const code = (...args) => codeOf(() => explain(...args));
  const good = signed('x');
  assert.equal(code('qlik', SECRET, good, { parsed: true }), 'invalid_body');
  assert.throws(() => explain('qlik', SECRET, good, JSON.parse('{}')), /a parsed object: take the raw body/);
  assert.equal(code('imuta', SECRET, good, 'x'), 'unknown_scheme');
  assert.equal(code({ name: 'X', header: 'x' }, SECRET, good, 'x'), 'invalid_scheme');
  assert.equal(code('qlik', [], good, 'x'), 'no_secret');
  assert.equal(code('qlik', '', good, 'x'), 'no_secret');
  assert.equal(code('qlik', undefined, good, 'x'), 'no_secret');
  assert.equal(code('qlik', SECRET, good, 'x', { otherSecrets: [SECRET, ''] }), 'no_secret');
  assert.equal(code('qlik', 'x'.repeat(5000), good, 'x'), 'invalid_secret');
  assert.equal(code('qlik', SECRET, 'x', 'x'), 'invalid_headers');
  assert.equal(code('qlik', SECRET, { 'qlik-signature': 3 }, 'x'), 'invalid_headers');
  assert.equal(code('qlik', SECRET, { other: 'x'.repeat(300_000) }, 'x'), 'headers_too_large');
  assert.equal(code('qlik', SECRET, good, 'xx', { maxBytes: 1 }), 'body_too_large');
  assert.equal(code('qlik', SECRET, good, 'x', { now: 3 }), 'invalid_option');
  assert.equal(code('qlik', SECRET, good, 'x', { now: () => NaN }), 'invalid_option');
  assert.equal(code('qlik', SECRET, good, 'x', { maxBytes: -1 }), 'invalid_option');
  assert.equal(code('qlik', SECRET, good, 'x', { effort: null }), 'invalid_option');
  assert.equal(code('qlik', SECRET, good, 'x', { effort: { hashedBytes: 0.5 } }), 'invalid_option');
  assert.throws(() => explain('qlik', SECRET, good, 'x', { otherSecret: 's' }), TypeError);
  assert.throws(() => explain('qlik', SECRET, good, 'x', { effort: { longest: 1 } }), TypeError);
});

test('the effort is kept to, and the result says when it was too little', () => {
  const ask = (effort) => explain('qlik', SECRET, signed(JSON_TEXT), PRETTY, { effort });
  assert.deepEqual(names(ask({ longestBody: 1000, hashedBytes: 1e6 })), ['refused', 'pretty_printed']);
  for (const effort of [{ hashedBytes: 0 }, { hashedBytes: 2000 }, { longestBody: 10 }, { longestBody: 0 }]) {
    const { mistakes, exhausted } = ask(effort);
    assert.deepEqual([mistakes, exhausted], [[], true], JSON.stringify(effort));
  }
  assert.deepEqual(names(ask({ longestBody: 2 ** 53, hashedBytes: 2 ** 53 })), ['refused', 'pretty_printed']);
});

test('a trap fails closed and erases, and the next explanation starts anew', () => {
  for (let round = 0; round < 3; round += 1) {
    explain('qlik', SECRET, signed('x'), 'x');
    const broken = explaining();
    const lost = new Uint8Array(broken.exports.memory.buffer).fill(0xff);
    assert.equal(codeOf(() => explain('qlik', SECRET, signed('x'), 'x')), 'internal');
    assert.ok(lost.every((byte) => byte === 0), 'what was lost is not erased');
    assert.deepEqual(names(explain('qlik', SECRET, signed('x'), 'x\n')), ['refused', 'newline_added']);
    assert.notEqual(explaining(), broken);
  }
});

test('nothing in memory depends on the secrets once it is explained', () => {
  // Two processes that differ in nothing but the secrets: afterwards their memories are equal, byte for byte.
  const program = fileURLToPath(new URL('explained.mjs', import.meta.url));
  const after = (...args) => execFileSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  assert.equal(after('a first secret'), after('another secret'));
  // And the comparison can fail.
  assert.notEqual(after('a first secret', 'keep'), after('another secret', 'keep'));
});

test('two thousand explanations need no more memory, and a large body is given back', () => {
  const size = () => explaining().exports.memory.buffer.byteLength;
  const headers = signed(JSON_TEXT);
  const round = (count) => {
    for (let index = 0; index < count; index += 1) {
      explain('qlik', [`"${SECRET}"`, 'other'], headers, index % 2 ? PRETTY : JSON_TEXT, { otherSecrets: ['third'] });
      codeOf(() => explain('qlik', [SECRET, ''], headers, PRETTY));
    }
  };
  round(100);
  const before = size();
  round(2_000);
  assert.equal(size(), before);
  const large = Buffer.alloc(16 << 20, 'x');
  const { mistakes, exhausted } = explain('qlik', SECRET, headers, large);
  assert.deepEqual([mistakes, exhausted], [[], true]);
  explain('qlik', SECRET, headers, JSON_TEXT);
  assert.ok(size() <= before, 'the memory of a large body is kept');
});
