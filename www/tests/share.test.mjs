import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { sign, standardSecret } from '../../wasm/js/dist/index.js';
import { load } from './load.mjs';
import { repeated } from './random.mjs';

const { encode, decode, isShared, omitted, LONGEST_FRAGMENT } = await load('/src/playground/share.ts');
const { leaks } = await load('/src/playground/leaks.ts');

const bytes = (text) => new TextEncoder().encode(text);
const shared = (request = {}, more = {}) => ({
  mode: 'verify',
  scheme: 'qlik',
  request: { method: 'POST', url: 'https://example.com/hooks', headers: [['qlik-signature', 'ab']], body: bytes('{}'), ...request },
  options: {},
  ...more,
});
const packed = (json) => `#v1.${deflateRawSync(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64url')}`;
const plain = (json) => `#v1j.${Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64url')}`;
const jsonOf = (fragment) => JSON.parse(inflateRawSync(Buffer.from(fragment.slice(4), 'base64url')));

const CUSTOM = { name: 'acme', header: 'x-acme', separator: ',', prefix: 'v1=', timestampPrefix: 't=', tolerance: 0, signed: [{ text: '</script>' }, 'timestamp', 'body'], key: 'base64', body: 'canonical', algorithm: 'hmac-sha512', encoding: 'base64url' };

test('what is shared comes back, whatever it is', () =>
  repeated(100, async ({ bytes, text, many, pick, below }) => {
    const pieces = ['a', 'é', '😀', '"', '\\', '\n', '\0', '\u2028', '</', '__proto__', '%', '\ufeff'];
    const given = {
      mode: pick(['verify', 'sign']),
      ...pick([{}, { scheme: 'svix' }, { scheme: CUSTOM }]),
      request: { method: text(5, pieces), url: `https://example.com/${text(5, ['a', 'é', '/', '%20'])}`, headers: many(9, () => [`x-${text(4, pieces)}`, text(9, pieces)]), body: pick([bytes(300), new TextEncoder().encode(text(99, pieces))]) },
      options: pick([{}, { now: below(1e9), tolerance: null, body: 'raw' }, { tolerance: 5, standardWebhooks: 'required', id: text(4, pieces), timestamp: 7 }]),
    };
    const fragment = await encode(given);
    assert.match(fragment, /^#v1\.[A-Za-z0-9_-]*$/);
    assert.ok(isShared(fragment));
    assert.deepEqual(await decode(fragment), given);
    assert.deepEqual(await decode(plain(jsonOf(fragment))), given);
  }));

test('where nothing compresses, links are longer and can be read', async () => {
  const { CompressionStream } = globalThis;
  try {
    delete globalThis.CompressionStream;
    const fragment = await encode(shared());
    assert.match(fragment, /^#v1j\./);
    assert.deepEqual(await decode(fragment), shared());
  } finally {
    globalThis.CompressionStream = CompressionStream;
  }
});

test('headers, users and parameters that carry credentials are left out and named', async () => {
  const given = shared({
    url: 'https://user:password@example.com/hooks?a=1&api_key=2&token=3#end',
    headers: [['Authorization', 'Bearer a'], ['cookie', 'b'], ['X-Api-Key', 'c'], ['x-gitlab-token', 'd'], ['x-acme', 'e'], ['webhook-signature', 'f'], ['x-token-signature', 'g']],
  }, { scheme: { name: 'own', header: 'x-token-signature' } });
  const { request } = await decode(await encode(given));
  assert.equal(request.url, 'https://example.com/hooks?a=1#end');
  assert.deepEqual(request.headers.map(([name]) => name), ['x-acme', 'webhook-signature', 'x-token-signature']);
  assert.deepEqual(omitted(given), ['Authorization', 'cookie', 'X-Api-Key', 'x-gitlab-token', 'user', '?api_key', '?token']);
});

test('what is not of the form is refused, with the member that is wrong', async () => {
  const good = jsonOf(await encode(shared()));
  const changed = (change) => {
    const copy = structuredClone(good);
    change(copy);
    return copy;
  };
  for (const [json, words] of [
    ['[]', /it is no object/],
    ['null', /it is no object/],
    [changed((it) => (it.secret = 'a')), /it has a member that is not known: "secret"/],
    [changed((it) => (it.mode = 'run')), /mode is none of verify, sign/],
    [changed((it) => (it.scheme = 'toString')), /scheme is the name of no scheme/],
    [changed((it) => (it.scheme = { name: 'a', header: 'b', signed: [{ text: 1 }] })), /scheme.signed\[0\].text is no text/],
    [changed((it) => (it.scheme = { name: 'a', header: 'b', tolerance: 1.5 })), /scheme.tolerance is no whole number/],
    [changed((it) => (it.scheme = { name: 'a' })), /scheme.header is no text/],
    [changed((it) => it.request.headers.push(['a'])), /request.headers\[1\]\[1\] is no text/],
    [changed((it) => it.request.headers.push(['a', 'b', 'c'])), /has more than 2 entries/],
    [changed((it) => (it.request.headers = Array(1001).fill(['a', 'b']))), /more than 1000/],
    [changed((it) => (it.request.base64 = '')), /has not one body/],
    [changed((it) => (it.options = { now: -1 })), /options.now/],
    ['{"__proto__":{"mode":"verify"},"mode":"verify"}', /member that is not known: "__proto__"/],
    ['{"mode":"verify","request":{"method":"a","url":"b","headers":[],"text":"","constructor":1},"options":{}}', /"constructor"/],
  ]) {
    for (const fragment of [packed(json), plain(json)]) {
      await assert.rejects(decode(fragment), (error) => error.name === 'ShareError' && error.code === 'form' && words.test(error.message), String(words));
    }
  }
  assert.equal({}.mode, undefined);
});

test('what was cut off, changed or made elsewhere is refused in its own words', async () => {
  const good = await encode(shared());
  for (const [fragment, code] of [
    ['', 'not_shared'], ['#/webhooks', 'not_shared'], ['#v2.AAAA', 'version'], ['#v1.', 'broken'], ['#v1.!', 'broken'], [`#v1.${'A'.repeat(40)}`, 'broken'],
    [good.slice(0, -9), 'broken'], [plain('{'), 'broken'], ['#v1j._w', 'broken'], [plain('['.repeat(3 << 18)), 'broken'],
    [`#v1.${'A'.repeat(LONGEST_FRAGMENT)}`, 'too_long'],
  ]) {
    await assert.rejects(decode(fragment), { name: 'ShareError', code }, fragment.slice(0, 20));
  }
});

test('a random change of a link is refused or is another request, and nothing else is thrown', () =>
  repeated(300, async ({ below, pick }) => {
    const good = await encode(shared());
    const at = 4 + below(good.length - 4);
    const fragment = good.slice(0, at) + pick([...'AZaz09-_']) + good.slice(at + 1);
    try {
      await decode(fragment);
    } catch (error) {
      assert.equal(error.name, 'ShareError', error.stack);
    }
  }));

test('a bomb is not inflated beyond what a link may hold', async () => {
  const bomb = `#v1.${deflateRawSync(Buffer.alloc(1 << 30), { level: 9 }).toString('base64url')}`;
  assert.ok(bomb.length < LONGEST_FRAGMENT, `${bomb.length}`);
  const before = process.memoryUsage().rss;
  const start = performance.now();
  await assert.rejects(decode(bomb), { code: 'too_long' });
  assert.ok(performance.now() - start < 10_000);
  assert.ok(process.memoryUsage().rss - before < 256 << 20);
});

test('what is too long for a link is refused before it is one', async () => {
  const { bytes } = (await import('./random.mjs')).random(1);
  await assert.rejects(encode(shared({ body: new Uint8Array(9 << 20) })), { code: 'too_long' });
  await assert.rejects(encode(shared({ body: Uint8Array.from({ length: 2 << 20 }, () => bytes(1)[0] ?? 7) })), { code: 'too_long' });
});

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const raw = Buffer.from(SECRET.slice(6), 'base64');
const hard = 'sé"cr\\et/+ 😀';

test('a secret is found in any form that it may stand in', () => {
  const escaped = [...hard].flatMap((char) => [...char].flatMap((c) => c.split(''))).map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  for (const [secret, request] of [
    [SECRET, { body: bytes(`{"a":"${SECRET}"}`) }],
    [SECRET, { body: bytes(`{"a":"${SECRET.slice(6)}"}`) }],
    [SECRET, { body: Uint8Array.of(1, ...raw, 2) }],
    [SECRET, { headers: [['x-a', raw.toString('hex').toUpperCase()]] }],
    [SECRET, { headers: [['x-a', raw.toString('base64url')]] }],
    [SECRET, { headers: [['x-a', `Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}`]] }],
    [`${SECRET}\n`, { url: `https://example.com/?q=${SECRET}` }],
    [hard, { body: bytes(JSON.stringify({ a: hard })) }],
    [hard, { body: bytes(JSON.stringify({ a: JSON.stringify(hard) })) }],
    [hard, { body: bytes(escaped) }],
    [hard, { url: `https://example.com/?q=${encodeURIComponent(hard)}` }],
    [hard, { url: `https://example.com/?${new URLSearchParams({ q: hard })}` }],
    [hard, { headers: [['x-a', Buffer.from(hard).toString('hex')]] }],
    [hard, { headers: [['x-a', Buffer.from(hard).toString('latin1')]] }],
    ['plain secret', { body: bytes(standardSecret('plain secret')) }],
    ['plain secret', { method: 'plain secret' }],
  ]) {
    assert.ok(leaks(shared(request), ['another', secret]), JSON.stringify([secret, request]).slice(0, 200));
  }
  assert.ok(leaks(shared({}, { scheme: { name: 'a', header: 'b', prefix: 'plain secret' } }), ['plain secret']));
  assert.ok(leaks(shared({}, { mode: 'sign', options: { id: 'plain secret' } }), ['plain secret']));
});

test('a genuine signature, and what is left out anyway, gives no secret away', () => {
  for (const secret of [SECRET, hard, 'plain secret']) {
    const body = '{"hello":"world"}';
    const headers = Object.entries(sign('standard-webhooks', standardSecret(secret), { body, id: 'msg_1' }));
    assert.ok(!leaks(shared({ body: bytes(body), headers: [...headers, ['authorization', secret]] }), [secret]));
  }
  assert.ok(!leaks(shared(), []) && !leaks(shared(), ['']));
});
