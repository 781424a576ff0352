import assert from 'node:assert/strict';
import { test } from 'node:test';

import { schemes, sign, standardSecret } from '../../wasm/js/dist/index.js';
import { load } from './load.mjs';
import { repeated } from './random.mjs';
import { bytes, shared } from './shared.mjs';

const { leaks } = await load('/src/playground/leaks.ts');

const inHeader = (value) => ({ headers: [['user-agent', value]] });

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const raw = Buffer.from(SECRET.slice(6), 'base64');
const hard = 'sé"cr\\et/+ 😀';

test('a secret is found in any form that it may stand in', () => {
  const escaped = hard.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  for (const [secret, request] of [
    [SECRET, { body: bytes(`{"a":"${SECRET}"}`) }],
    [SECRET, { body: bytes(`{"a":"${SECRET.slice(6)}"}`) }],
    [SECRET, { body: Uint8Array.of(1, ...raw, 2) }],
    [SECRET, inHeader(raw.toString('hex').toUpperCase())],
    [SECRET, inHeader(raw.toString('base64url'))],
    [SECRET, inHeader(`Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}`)],
    [`${SECRET}\n`, { url: `https://example.com/${SECRET}` }],
    [hard, { body: bytes(JSON.stringify({ a: hard })) }],
    [hard, { body: bytes(JSON.stringify({ a: JSON.stringify(hard) })) }],
    [hard, { body: bytes(escaped) }],
    [hard, { url: `https://example.com/${encodeURIComponent(hard)}` }],
    [hard, { body: bytes(`${new URLSearchParams({ q: hard })}`) }],
    [hard, inHeader(Buffer.from(hard).toString('hex'))],
    [hard, inHeader(Buffer.from(hard).toString('latin1'))],
    ['plain secret', { body: bytes(standardSecret('plain secret')) }],
    ['plain secret', { method: 'plain secret' }],
  ]) {
    assert.ok(leaks(shared(request), ['another', secret]), JSON.stringify([secret, request]).slice(0, 200));
  }
});

const base64 = (text, encoding = 'utf8') => Buffer.from(text, encoding).toString('base64');
const hexOf = (text) => Buffer.from(text).toString('hex');
const pairs = (text, before, between = '') => [...Buffer.from(text)].map((byte) => before + byte.toString(16).padStart(2, '0')).join(between);
const entities = (text) => [...text].map((char) => `&#${char.codePointAt(0)};`).join('');
const escapeHtml = (text) => text.replace(/[&<>"'/]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '/': '&#x2F;' })[char]);

/** How a text may come to be written in a body, by name. */
const WRITTEN = {
  'base64 over lines': (text) => base64(`some text before, ${text} and some behind`).replace(/.{7}/g, '$&\r\n'),
  'base64 over lines in JSON': (text) => JSON.stringify({ a: base64(`x${text}`).replace(/.{5}/g, '$&\n') }),
  'base64 of UTF-16': (text) => base64(`x${text}`, 'utf16le'),
  'base64 of UTF-16 in the other order': (text) => Buffer.from(`x${text}`, 'utf16le').swap16().toString('base64'),
  'base64 in a URL': (text) => encodeURIComponent(base64(text)),
  'hex with colons': (text) => pairs(text, '', ':'),
  'hex with spaces and lines': (text) => hexOf(text).toUpperCase().replace(/(..)(..)/g, '$1 $2\n'),
  'hex behind 0x': (text) => pairs(text, '0x', ', '),
  'a Buffer as JSON': (text) => JSON.stringify(Buffer.from(text)),
  'decimal bytes over lines': (text) => JSON.stringify([...Buffer.from(`x${text}`)], null, 2),
  'decimal bytes with spaces': (text) => [...Buffer.from(text)].join(' '),
  'decimal bytes of base64': (text) => JSON.stringify([...Buffer.from(base64(text))]),
  'escapes of a program': (text) => pairs(text, '\\x'),
  'escapes of a program in JSON': (text) => JSON.stringify(pairs(text, '\\x')),
  'code points in braces': (text) => [...text].map((char) => `\\u{${char.codePointAt(0).toString(16)}}`).join(''),
  'HTML, every character': entities,
  'HTML, what has to be': escapeHtml,
  'HTML in JSON': (text) => JSON.stringify(escapeHtml(text)),
  'percent, twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'percent, every byte': (text) => pairs(text, '%'),
  'a query in JSON in a query': (text) => encodeURIComponent(JSON.stringify(`${new URLSearchParams({ q: text })}`)),
};

for (const [name, write] of Object.entries(WRITTEN)) {
  test(`a secret is found in ${name}, whatever it is made of`, () =>
    repeated(40, ({ text, below }) => {
      const pieces = ['a', 'B', '7', 'q', '-', '_', '/', '+', ' ', '&', '<', '"', '\\', '%41', '&amp;', 'é', '😀', '='];
      const secret = `S${text(20, pieces)}s${below(1000)}x`;
      if (secret.length < 6) return;
      assert.equal(leaks(shared({ body: bytes(`{"n":1}${write(secret)}`) }), [secret]), 'the body', JSON.stringify(secret));
    }));
}

test('where the secret stands is said', () => {
  const custom = (more) => shared({}, { scheme: { name: 'a', header: 'b', ...more } });
  for (const [given, where] of [
    [shared({ body: bytes('a plain secret') }), 'the body'],
    [shared(inHeader('plain%20secret')), 'the header user-agent'],
    [shared({ url: 'https://example.com/plain+secret' }), 'the URL'],
    [shared({ method: 'plain secret' }), 'the method'],
    [shared({}, { mode: 'sign', options: { id: 'plain secret' } }), 'the message id'],
    [custom({ prefix: 'plain secret' }), 'the custom scheme'],
    [custom({ signed: ['body', { text: 'plain secret' }] }), 'the custom scheme'],
  ]) {
    assert.equal(leaks(given, ['plain secret']), where);
  }
});

test('a secret that is an everyday word is found where somebody wrote it, and nowhere else', () => {
  for (const secret of ['s', 'no', 'verify', 'headers', 'request', 'options', 'text', 'qlik', 'hmac-sha256', 'whsec_', 'whsec_s']) {
    assert.equal(leaks(shared({ body: bytes('{"total":1}') }), [secret]), undefined, secret);
    assert.equal(leaks(shared({ body: bytes(`{"total":"${secret}"}`) }), [secret]), 'the body', secret);
  }
  assert.equal(leaks(shared({ body: bytes('{"users":[]}') }), ['s']), undefined);
  assert.equal(leaks(shared({ body: bytes('it is verified, and denoted as such') }), ['verify']), undefined);
});

test('a genuine signature, and what is left out anyway, gives no secret away', () => {
  for (const secret of [SECRET, hard, 'plain secret', '0123456789abcdef0123456789abcdef']) {
    const body = '{"hello":"world"}';
    for (const scheme of Object.keys(schemes)) {
      const headers = Object.entries(sign(scheme, scheme === 'svix' ? standardSecret(secret) : secret, { body, id: 'msg_1', timestamp: 1_700_000_000 }));
      assert.equal(leaks(shared({ url: `https://u:${encodeURIComponent(secret)}@example.com/?a=${encodeURIComponent(secret)}`, body: bytes(body), headers: [...headers, ['authorization', secret]] }), [secret]), undefined, scheme);
    }
  }
  assert.equal(leaks(shared(), []) ?? leaks(shared(), ['']), undefined);
});

test('the longest body is looked through in a few seconds, whatever it is made of', () => {
  const secrets = [SECRET, hard, 'plain secret', '0123456789abcdef0123456789abcdef'];
  for (const piece of ['%2541', '\\\\u0041', '&amp;amp;', '{"a":1, "b":"cd"}', 'QUJD\n', 'a', '%', '\\', '&#x', '\\u0041', '12,', '1 ', '1   ']) {
    const body = bytes(piece.repeat(Math.floor((8 << 20) / piece.length)));
    const start = performance.now();
    assert.equal(leaks(shared({ body }), secrets), undefined);
    const took = performance.now() - start;
    if (process.env.SIGPOST_TIMES) console.log(JSON.stringify(piece), Math.round(took), 'ms');
    assert.ok(took < 15_000, `${piece}: ${took} ms`);
  }
});
