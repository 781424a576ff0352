import assert from 'node:assert/strict';
import { createHmac, createPublicKey, randomBytes, verify as verifyBy } from 'node:crypto';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

import { expected } from '../../../tests/e2e/independent.mjs';
import { codeOf, required, sigpost, slim, vectors } from './package.mjs';

const { Verifier, sign, verify, schemes, standardSecret } = sigpost;
const NOW = 1_700_000_000;
const now = () => NOW * 1000;
const message = (body) => ({ body, id: 'msg_1', timestamp: NOW });

/** A body as the vectors write it. */
function bodyOf({ text, hex, repeat, times }) {
  return text ?? (hex === undefined ? repeat.repeat(times) : Buffer.from(hex, 'hex'));
}

/** A secret that is fit for the scheme. */
const fit = (scheme, secret) => (scheme === 'svix' ? Buffer.from(secret).toString('base64') : secret);

/** The vectors: those that this package can know, and those of a feature that it lacks. */
const every = (await vectors('signature')).flatMap(({ cases }) => cases);
const [known, absent] = [every.filter(({ feature }) => !feature), every.filter(({ feature }) => feature)];

test('every shared vector has the outcome it says, by import and by require', () => {
  assert.ok(known.length > 1200, `${known.length} cases`);
  for (const { name, scheme, secrets, headers, body, now, expect } of known) {
    for (const Class of [Verifier, required.Verifier]) {
      if (expect.error === 'invalid_secret' || expect.error === 'no_secret') {
        assert.equal(codeOf(() => new Class(scheme, secrets)), expect.error, name);
        continue;
      }
      const verifier = new Class(scheme, secrets, { now: () => now * 1000 });
      const verify = () => verifier.verify(headers, bodyOf(body));
      if (expect.error) {
        assert.equal(codeOf(verify), expect.error, name);
      } else {
        const { secretIndex, id = null, timestamp = null, signedBytes } = verify();
        const { signed = bodyOf(body), ...outcome } = expect;
        assert.deepEqual({ secretIndex, id, timestamp }, outcome, name);
        assert.equal(Buffer.compare(Buffer.from(signedBytes), Buffer.from(signed)), 0, name);
      }
      verifier.dispose();
    }
  }
});

test('every shared vector that says how is signed as it says', () => {
  const cases = known.filter((one) => one.sign);
  assert.ok(cases.length > 300, `${cases.length} cases`);
  for (const { name, scheme, secrets, headers, body, sign: how } of cases) {
    const { id, timestamp } = { id: how.id ?? undefined, timestamp: how.timestamp ?? undefined };
    const made = sign(scheme, secrets[0], { body: bodyOf(body), id, timestamp });
    assert.deepEqual(made, Object.fromEntries(headers), name);
  }
});

test('every preset has shared vectors, and those of Ed25519 are the only ones that this package does not know', () => {
  for (const name of Object.keys(schemes)) {
    assert.ok(known.filter(({ scheme }) => scheme === name).length > 60, name);
  }
  assert.ok(absent.length > 100, `${absent.length} cases`);
  for (const { name, feature, scheme, secrets, headers, body } of absent) {
    assert.equal(feature, 'ed25519', name);
    assert.equal(codeOf(() => verify(scheme, secrets, headers, bodyOf(body))), 'unknown_scheme', name);
  }
});

test('what the vectors sign by Ed25519 node:crypto takes', () => {
  const signed = absent.filter(({ sign }) => sign);
  assert.ok(signed.length > 15, `${signed.length} cases`);
  for (const { name, secrets, headers, body } of signed) {
    const [, [, time], [, value]] = headers;
    const x = Buffer.from(secrets[0].slice('whsk_'.length), 'base64').subarray(32).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const message = Buffer.concat([Buffer.from(`${headers[0][1]}.${time}.`), Buffer.from(bodyOf(body))]);
    assert.ok(verifyBy(null, message, key, Buffer.from(value.slice('v1a,'.length), 'base64')), name);
  }
});

test('what every preset signs is what node:crypto computes, for any bytes and any length', () => {
  const lengths = [0, 1, 55, 56, 63, 64, 65, 1000, 16_383, 16_384, 16_385, 70_000];
  for (const name of Object.keys(schemes)) {
    const whsec = `whsec_${randomBytes(32).toString('base64')}`;
    for (const secret of [...['s', 'x'.repeat(64), 'y'.repeat(200), 'clé'].map((one) => fit(name, one)), whsec]) {
      const verifier = new Verifier(name, secret, { now });
      for (const length of lengths) {
        const body = randomBytes(length);
        const headers = sign(name, secret, message(body));
        const [header, value] = expected(name, secret, body, headers);
        assert.equal(headers[header], value, `${name} ${length}`);
        assert.deepEqual(Buffer.from(verifier.verify(headers, body).signedBytes), body);
      }
      verifier.dispose();
    }
  }
});

test('both Immuta signatures of one delivery verify, and the old one alone is told apart', () => {
  const body = '{"text":"café"}';
  const both = { ...sign('immuta', 's', { body }), ...sign('immuta-sha1', 's', { body }) };
  assert.equal(both['x-immuta-webhook-signature'], createHmac('sha1', 's').update(body).digest('hex'));
  assert.equal(both['x-immuta-webhook-signature-sha256'], createHmac('sha256', 's').update(body).digest('hex'));
  assert.deepEqual(verify('immuta', 's', both, body).event, { text: 'café' });
  assert.deepEqual(verify('immuta-sha1', 's', both, body).event, { text: 'café' });
  assert.equal(codeOf(() => verify('immuta', 's', sign('immuta-sha1', 's', { body }), body)), 'sha1_only');
  assert.equal(codeOf(() => verify(schemes.immuta, 's', sign('immuta-sha1', 's', { body }), body)), 'sha1_only');
});

test('headers are taken in every form that platforms have', () => {
  const body = '{"a":1}';
  const headers = sign('standard-webhooks', 's', message(body));
  const pairs = Object.entries(headers);
  const upper = Object.fromEntries(pairs.map(([name, value]) => [name.toUpperCase(), value]));
  const noise = { host: 'h', cookie: ['a', 'b'], 'set-cookie': undefined, accept: 'é' };
  const forms = [
    headers,
    upper,
    { ...noise, ...headers },
    Object.fromEntries(pairs.map(([name, value]) => [name, [value]])),
    new Headers(headers),
    pairs,
    new Map(pairs),
    new Headers(upper).entries(),
    Object.assign(Object.create(null), headers),
  ];
  for (const form of forms) {
    const verified = verify('standard-webhooks', 's', form, body, { now });
    assert.deepEqual([verified.id, verified.timestamp, verified.secretIndex, verified.scheme], ['msg_1', NOW, 0, 'standard-webhooks']);
  }
  const twice = { ...headers, 'webhook-id': ['msg_1', 'msg_1'] };
  assert.equal(codeOf(() => verify('standard-webhooks', 's', twice, body, { now })), 'duplicate_header');
  for (const bad of [undefined, null, 'x', 3, ['webhook-id'], [['a']], { 'webhook-id': 3 }]) {
    assert.equal(codeOf(() => verify('standard-webhooks', 's', bad, body, { now })), 'invalid_headers');
  }
});

test('bodies are taken as string, bytes and buffer, and verified as the bytes they are', () => {
  const text = '{"price":"$& $$ $\'","name":"żółw 🦀"}';
  const bytes = new TextEncoder().encode(text);
  const headers = sign('qlik', 's', { body: text });
  const inside = new Uint8Array([0, ...bytes, 0]).subarray(1, bytes.length + 1);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  for (const body of [text, bytes, Buffer.from(bytes), bytes.buffer, inside, shared]) {
    const verified = verify('qlik', 's', headers, body);
    assert.deepEqual(Buffer.from(verified.signedBytes), Buffer.from(bytes));
    assert.deepEqual(verified.event, JSON.parse(text));
  }
  // A long text passes through the buffer in pieces, none of which may split a character.
  const long = '🦀é'.repeat(20_000);
  assert.deepEqual(sign('qlik', 's', { body: long }), sign('qlik', 's', { body: Buffer.from(long) }));
  for (const body of [undefined, null, 3, {}, { a: 1 }, [1], new Uint16Array(2)]) {
    assert.equal(codeOf(() => verify('qlik', 's', headers, body)), 'invalid_body');
  }
  assert.throws(() => verify('qlik', 's', headers, JSON.parse(text)), /raw body/);
});

test('bytes of any realm are bytes, as a body, as a secret and as a text', () => {
  const there = (kind, text) => runInNewContext(`${kind}.from([${[...Buffer.from(text)]}])`);
  const buffer = (text) => there('Uint8Array', text).buffer;
  const text = '{"a":1}';
  const headers = sign('qlik', 'secret', { body: text });
  for (const make of [(text) => there('Uint8Array', text), buffer, Buffer.from, (text) => new TextEncoder().encode(text).buffer]) {
    assert.deepEqual(verify('qlik', make('secret'), headers, make(text)).event, { a: 1 });
    assert.deepEqual(verify('qlik', [make('other'), make('secret')], headers, make(text), { body: 'canonical' }).secretIndex, 1);
    assert.deepEqual(sign('qlik', make('secret'), { body: make(text) }), headers);
    assert.equal(standardSecret(make('secret')), standardSecret('secret'));
    assert.equal(sigpost.canonicalize(make('[1.0]')), '[1]');
    assert.equal(codeOf(() => new Verifier('qlik', make(''))), 'no_secret');
    assert.equal(codeOf(() => verify('qlik', 's', headers, make(text), { maxBytes: 6 })), 'body_too_large');
  }
  // What a class of the caller's says of itself does not count.
  class Sly extends Uint8Array {
    get buffer() { return Buffer.from('[2.0]').buffer; }
    get byteOffset() { return 0; }
    get byteLength() { return 1; }
  }
  assert.equal(sigpost.canonicalize(new Sly(Buffer.from('[1.0]'))), '[1]');
  const none = [there('Uint16Array', text), there('Array', text), new DataView(buffer(text)), { [Symbol.toStringTag]: 'Uint8Array' }, { [Symbol.toStringTag]: 'ArrayBuffer' }];
  for (const other of none) {
    assert.equal(codeOf(() => verify('qlik', 's', headers, other)), 'invalid_body');
    assert.throws(() => sigpost.canonicalize(other), /JSON text/);
  }
  for (const other of none.filter((other) => !Array.isArray(other))) {
    assert.equal(codeOf(() => new Verifier('qlik', other)), 'invalid_secret');
  }
});

test('what happens to the bytes later changes neither the event nor the signed bytes', () => {
  const [text, other] = ['{"a":1}', '{"b":2}'];
  const headers = sign('immuta', 's', { body: text });
  const plain = new TextEncoder().encode(text);
  const shared = new Uint8Array(new SharedArrayBuffer(7));
  for (const bytes of [plain, shared, Buffer.from(text), new Uint8Array(9).subarray(1, 8)]) {
    for (const body of [bytes, ...(bytes === plain ? [bytes.buffer] : [])]) {
      for (const options of [{}, { body: 'canonical' }]) {
        bytes.set(Buffer.from(text));
        const verified = verify('immuta', 's', headers, body, options);
        bytes.set(Buffer.from(other));
        assert.deepEqual(verified.event, { a: 1 });
        assert.equal(Buffer.from(verified.signedBytes).toString(), text);
      }
    }
  }
  // Nor to those that were handed out.
  for (const [body, options] of [[text, {}], [plain, {}], [text, { body: 'canonical' }]]) {
    plain.set(Buffer.from(text));
    const verified = verify('immuta', 's', headers, body, options);
    verified.signedBytes.set(Buffer.from(other));
    structuredClone(null, { transfer: [verified.signedBytes.buffer] });
    assert.deepEqual(verified.event, { a: 1 });
  }
  // Nor while they are verified, by code that runs in the middle.
  const meddle = new Verifier('immuta', 's', { now: () => (plain.set(Buffer.from(other)), 0) });
  plain.set(Buffer.from(text));
  assert.equal(codeOf(() => meddle.verify(headers, plain)), 'mismatch');
  assert.deepEqual(meddle.verify(sign('immuta', 's', { body: other }), plain).event, { b: 2 });
});

test('a genuine body that is no JSON is genuine, and only its event is an error', () => {
  for (const body of [Buffer.from([0xff, 0xfe]), '', 'a=1&b=2', Buffer.from('"\xff"', 'latin1')]) {
    const verified = verify('qlik', 's', sign('qlik', 's', { body }), body);
    assert.equal(Buffer.compare(Buffer.from(verified.signedBytes), Buffer.from(body)), 0);
    assert.equal(codeOf(() => verified.event), 'not_json');
  }
  const marked = Buffer.from('\ufeff{"a":1}');
  assert.deepEqual(verify('qlik', 's', sign('qlik', 's', { body: marked }), marked).event, { a: 1 });
  assert.equal(codeOf(() => verify('qlik', 's', sign('qlik', 's', { body: marked }), marked.subarray(3))), 'mismatch');
});

test('a signature that is not of the form is malformed, and never another error', () => {
  const good = createHmac('sha256', 's').update('x').digest('hex');
  const bad = ['', 'x', good.slice(1), good.slice(2), `${good}00`, `${good} `, ` ${good}`, good.replace(/./, 'g'), `sha256=${good}`, 'é'.repeat(64), '\u0142'.repeat(64), `${good.slice(0, -1)}\u0130`, '\ud800', '\0'];
  for (const value of bad) {
    assert.equal(codeOf(() => verify('qlik', 's', { 'qlik-signature': value }, 'x')), 'malformed_header', JSON.stringify(value));
  }
  assert.equal(verify('qlik', 's', { 'qlik-signature': good.toUpperCase() }, 'x').secretIndex, 0);
  assert.equal(codeOf(() => verify('qlik', 's', {}, 'x')), 'missing_header');
  assert.equal(codeOf(() => verify('qlik', 's', { 'qlik-signature': 'a'.repeat(20_000) }, 'x')), 'headers_too_large');
  // U+0142 cut to a byte is "B": a signed id must not be forged that way.
  const headers = sign('standard-webhooks', 's', { body: 'x', id: 'B', timestamp: NOW });
  assert.equal(codeOf(() => verify('standard-webhooks', 's', { ...headers, 'webhook-id': '\u0142' }, 'x', { now })), 'malformed_header');
  for (const time of ['1700000000abc', '', '-1', '1e9', ' 1700000000', '١٧']) {
    assert.equal(codeOf(() => verify('standard-webhooks', 's', { ...headers, 'webhook-timestamp': time }, 'x', { now })), 'malformed_header');
  }
  // The header's name in capitals that only look alike.
  assert.equal(codeOf(() => verify('qlik', 's', { 'qli\u212a-signature': good }, 'x')), 'missing_header');
});

test('a signed time is judged both ways, by the tolerance that was asked for', () => {
  const at = (timestamp) => sign('standard-webhooks', 's', { body: 'x', id: 'i', timestamp });
  const code = (timestamp, options = {}) => codeOf(() => verify('standard-webhooks', 's', at(timestamp), 'x', { now, ...options }));
  assert.equal(verify('standard-webhooks', 's', at(NOW - 300), 'x', { now }).timestamp, NOW - 300);
  assert.equal(verify('standard-webhooks', 's', at(NOW + 300), 'x', { now }).timestamp, NOW + 300);
  assert.equal(code(NOW - 301), 'stale_timestamp');
  assert.equal(code(NOW + 301), 'future_timestamp');
  assert.equal(code(NOW - 2, { tolerance: 1 }), 'stale_timestamp');
  assert.equal(verify('standard-webhooks', 's', at(1), 'x', { now, tolerance: null }).timestamp, 1);
  assert.equal(code(NOW, { now: () => NaN }), 'invalid_option');
  for (const tolerance of [-1, 1.5, NaN, '300']) {
    assert.equal(code(NOW, { tolerance }), 'invalid_option');
  }
  assert.equal(codeOf(() => new Verifier('qlik', 's', { tolerance: 300 })), 'invalid_tolerance');
});

test('several secrets verify while one is rotated', () => {
  const verifier = new Verifier('immuta', ['new', new TextEncoder().encode('old')]);
  assert.equal(verifier.verify(sign('immuta', 'new', { body: 'x' }), 'x').secretIndex, 0);
  assert.equal(verifier.verify(sign('immuta', 'old', { body: 'x' }), 'x').secretIndex, 1);
  assert.equal(codeOf(() => verifier.verify(sign('immuta', 'other', { body: 'x' }), 'x')), 'mismatch');
});

test('a set-up that cannot be meant is refused when it is made', () => {
  for (const secret of ['', [], [''], ['a', ''], new Uint8Array(0), undefined, null]) {
    assert.equal(codeOf(() => new Verifier('immuta', secret)), 'no_secret');
  }
  for (const secret of [3, {}, '\ud800', 'x'.repeat(5000)]) {
    assert.equal(codeOf(() => new Verifier('immuta', secret)), 'invalid_secret');
  }
  for (const scheme of ['Immuta', '', 'toString', 'x'.repeat(70_000)]) {
    assert.ok(['unknown_scheme', 'invalid_scheme'].includes(codeOf(() => new Verifier(scheme, 's'))));
  }
  const custom = { name: 'x', header: 'x-sig' };
  const bad = [null, {}, { ...custom, name: 'X' }, { ...custom, header: 'X' }, { ...custom, algorithm: 'md5' }, { ...custom, encoding: 'x' }, { ...custom, signed: ['id', 'body'] }, { ...custom, signed: ['x'] }, { ...custom, signed: [null] }, { ...custom, signed: [] }, { ...custom, signed: [, 'body'] }, { ...custom, signed: null }, { ...custom, signed: 'body' }, { ...custom, signed: [{}, 'body'] }, { ...custom, prefix: ' ' }, { ...custom, prefix: ' p' }, { ...custom, separator: '' }, { ...custom, separator: ';' }, { ...custom, separator: ', ' }, { ...custom, tolerance: 3 }, { ...custom, prefix: 7 }, { ...custom, idHeader: 'x-id' }];
  for (const scheme of bad) {
    assert.equal(codeOf(() => new Verifier(scheme, 's')), 'invalid_scheme', JSON.stringify(scheme));
  }
  assert.equal(codeOf(() => new Verifier('immuta', 's', { body: 'parsed' })), 'invalid_option');
  assert.equal(codeOf(() => new slim.Verifier('immuta', 's', { body: 'canonical' })), 'invalid_option');
});

test('a scheme whose header could not be read again is refused with the reason', () => {
  const listed = { name: 'x', header: 'x-sig', signed: ['timestamp', { text: '.' }, 'body'], separator: ',', prefix: 'v1=', timestampPrefix: 't=' };
  assert.deepEqual(Object.keys(sign(listed, 's', message('x'))), ['x-sig']);
  const refused = (differing, message) => {
    assert.throws(() => new Verifier({ ...listed, ...differing }, 's'), { code: 'invalid_scheme', message });
  };
  refused({ timestampHeader: 'x-time' }, /timestampHeader or behind timestampPrefix, not both/);
  for (const separator of ['', ';', ', ', '\t']) {
    refused({ separator }, /separator is a space or a comma/);
  }
  for (const [separator, prefix] of [[',', 'v,1'], [' ', 'v 1']]) {
    refused({ separator, prefix }, /does not hold the separator/);
  }
  refused({ timestampPrefix: 't,' }, /does not hold the separator/);
  refused({ separator: undefined }, /needs a separator/);
  refused({ prefix: undefined }, /and a prefix/);
  refused({ prefix: 't=1' }, /neither prefix begins with the other/);
  for (const encoding of ['base32', 'HEX', '']) {
    refused({ encoding }, /hex, base64, base64url/);
  }
  refused({ algorithm: 'ed25519' }, /hmac-sha1, hmac-sha256, hmac-sha512/);
  refused({ key: 'ed25519' }, /whole, base64, standard-webhooks/);
});

test('a secret that is no key of the scheme is refused when it is set up, by what verifies and by what signs', () => {
  const keyed = { name: 'x', header: 'x-sig', key: 'base64' };
  for (const secret of ['not base64!', 'x', 'whsec_a b', ' c2VjcmV0', 'c2VjcmV0\n', '"c2VjcmV0"']) {
    for (const scheme of ['svix', keyed]) {
      const refused = { code: 'invalid_secret', fault: 'receiver', message: /secrets are base64/ };
      assert.throws(() => new Verifier(scheme, secret), refused);
      assert.throws(() => new Verifier(scheme, ['c2VjcmV0', secret]), refused);
      assert.throws(() => sign(scheme, secret, message('x')), refused);
    }
  }
  // What everybody may know, or nobody needs to, is none of any scheme.
  const open = { whsec_: 'no_secret', ' \n': 'no_secret', 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=': 'invalid_secret' };
  for (const [secret, code] of Object.entries(open)) {
    for (const scheme of ['qlik', 'standard-webhooks', 'svix']) {
      assert.equal(codeOf(() => new Verifier(scheme, secret)), code, `${scheme} ${secret}`);
      assert.equal(codeOf(() => sign(scheme, secret, message('x'))), code, `${scheme} ${secret}`);
    }
  }
});

test('a name that does not exist is refused, wherever it is misspelt, and those that do are listed', () => {
  const refused = (use, message) => assert.throws(use, { name: 'TypeError', message });
  for (const { Verifier, verify, sign } of [sigpost, slim, required]) {
    const options = "a verifier has no 'tolerence'; there is tolerance, now, maxBytes, body, standardWebhooks";
    refused(() => new Verifier('immuta', 's', { tolerence: 5 }), options);
    refused(() => verify('immuta', 's', {}, 'x', { maxBytes: 5, tolerence: undefined }), options);
    refused(() => new Verifier('immuta', 's', { toString: 5 }), /^a verifier has no 'toString'; /);
    refused(() => sign('immuta', 's', { body: 'x', timeStamp: 5 }), "a message has no 'timeStamp'; there is body, id, timestamp");
    const custom = { name: 'x', header: 'x-sig' };
    const scheme = { ...custom, algoritm: 'hmac-sha1' };
    const schemes = /^a scheme has no 'algoritm'; there is name, header, algorithm, .*, tolerance, replay$/;
    refused(() => new Verifier(scheme, 's'), schemes);
    refused(() => sign(scheme, 's', { body: 'x' }), schemes);
    const signed = [{ text: 'a', x: 1 }, 'body'];
    refused(() => new Verifier({ ...custom, signed }, 's'), "a fixed text that is signed has no 'x'; there is text");
  }
});

test('bytes that were transferred away are no empty body', () => {
  const gone = (bytes) => (structuredClone(null, { transfer: [bytes.buffer ?? bytes] }), bytes);
  const detached = { name: 'TypeError', message: /detached/ };
  const headers = sign('qlik', 's', { body: '' });
  for (const make of [() => new Uint8Array(3), () => new ArrayBuffer(3), () => Buffer.from(new ArrayBuffer(5), 1, 3)]) {
    assert.equal(verify('qlik', 's', sign('qlik', 's', { body: make() }), make()).signedBytes.length, 3);
    assert.throws(() => verify('qlik', 's', headers, gone(make())), detached);
    assert.throws(() => verify('qlik', 's', headers, gone(make()), { body: 'canonical' }), detached);
    assert.throws(() => sign('qlik', 's', { body: gone(make()) }), detached);
    assert.throws(() => sigpost.canonicalize(gone(make())), detached);
  }
  assert.throws(() => new Verifier('qlik', gone(new Uint8Array(3))), detached);
});

test('every preset given as data is the preset', () => {
  assert.ok(Object.keys(schemes).length > 10);
  for (const [name, scheme] of Object.entries(schemes)) {
    const secret = fit(name, 's');
    assert.equal(scheme.name, name);
    assert.deepEqual(sign(scheme, secret, message('x')), sign(name, secret, message('x')));
    assert.equal(verify(scheme, secret, sign(name, secret, message('x')), 'x', { now }).scheme, name);
  }
});

test('a scheme of one own signs its parts in order', () => {
  // Slack's published example.
  const scheme = { name: 'slack', header: 'x-slack-signature', prefix: 'v0=', timestampHeader: 'x-slack-request-timestamp', signed: [{ text: 'v0:' }, 'timestamp', { text: ':' }, 'body'] };
  const body = 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  const headers = { 'X-Slack-Request-Timestamp': '1531420618', 'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503' };
  const at = { now: () => 1_531_420_618_000 };
  assert.equal(verify(scheme, '8f742231b10e8888abcd99yyyzzz85a5', headers, body, at).timestamp, 1_531_420_618);
  assert.equal(codeOf(() => verify(scheme, '8f742231b10e8888abcd99yyyzzz85a5', headers, `${body} `, at)), 'mismatch');
});

test('the canonical form is verified when it is asked for', () => {
  const headers = sign('immuta', 's', { body: '{"1":1,"b":2}' });
  const verified = verify('immuta', 's', headers, '{ "b": 2.0, "1": 1 }', { body: 'canonical' });
  assert.equal(Buffer.from(verified.signedBytes).toString(), '{"1":1,"b":2}');
  assert.deepEqual(verified.event, { 1: 1, b: 2 });
  assert.equal(codeOf(() => verify('immuta', 's', headers, '{', { body: 'canonical' })), 'not_json');
  assert.equal(codeOf(() => verify('immuta', 's', headers, '{ "b": 2.0, "1": 1 }')), 'mismatch');
  const scheme = { ...schemes.immuta, body: 'canonical' };
  assert.deepEqual(sign(scheme, 's', { body: '{ "b": 2.0, "1": 1 }' }), headers);
  assert.equal(verify(scheme, 's', headers, '{"b":2,"1":1}').secretIndex, 0);
});

test('a body over the limit is refused, whatever it is', () => {
  const headers = sign('qlik', 's', { body: 'éé' });
  assert.equal(verify('qlik', 's', headers, 'éé', { maxBytes: 4 }).secretIndex, 0);
  for (const body of ['éé', Buffer.from('éé'), new ArrayBuffer(4)]) {
    assert.equal(codeOf(() => verify('qlik', 's', headers, body, { maxBytes: 3 })), 'body_too_large');
  }
  assert.equal(codeOf(() => verify('qlik', 's', headers, new ArrayBuffer(17 << 20))), 'body_too_large');
  // The limit is on what came, in bytes: not on what it becomes, and before anything else is looked at.
  for (const [body, bytes] of [['[ 1e20 ]', 8], ['"\u00e9"', 4], ['"\u20ac"', 5], ['"\u{1f980}"', 6], ['"\ud800"', 5], ['"\udc00\ud800"', 8], [Buffer.from('[ 1e20 ]'), 8]]) {
    const canonical = { ...schemes.qlik, body: 'canonical' };
    for (const scheme of ['qlik', canonical]) {
      const at = (maxBytes, headers = sign(scheme, 's', { body })) => verify(scheme, 's', headers, body, { maxBytes }).secretIndex;
      assert.equal(at(bytes), 0, String(body));
      assert.equal(codeOf(() => at(bytes - 1)), 'body_too_large', String(body));
      assert.equal(codeOf(() => at(bytes - 1, {})), 'body_too_large', String(body));
    }
  }
});

test('sign says what is missing', () => {
  assert.equal(codeOf(() => sign('standard-webhooks', 's', { body: 'x' })), 'invalid_id');
  for (const id of ['a.b', 'a b', 'é', 'x'.repeat(257), 'y'.repeat(70_000)]) {
    assert.equal(codeOf(() => sign('standard-webhooks', 's', { body: 'x', id })), 'invalid_id');
  }
  for (const timestamp of [-1, 1e16, NaN]) {
    assert.equal(codeOf(() => sign('standard-webhooks', 's', { body: 'x', id: 'i', timestamp })), 'invalid_timestamp');
  }
  assert.equal(codeOf(() => sign('qlik', '', { body: 'x' })), 'no_secret');
});

test('the Standard Webhooks form of a secret leads to the same signature', () => {
  const shown = standardSecret('an old secret');
  const key = createHmac('sha256', 'an old secret').update('sigpost/standard-webhooks/v1').digest('base64');
  assert.equal(shown, `whsec_${key}`);
  assert.equal(standardSecret(shown), shown);
  assert.equal(codeOf(() => standardSecret('')), 'no_secret');
});
