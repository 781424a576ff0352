import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { load } from './load.mjs';
import { repeated } from './random.mjs';
import { bytes, shared } from './shared.mjs';

const { isShared } = await load('/src/playground/fragment.ts');
const { encode, decode, LONGEST_FRAGMENT } = await load('/src/playground/share.ts');
const { kept } = await load('/src/playground/kept.ts');

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
      request: { method: text(5, pieces), url: `https://example.com/${text(5, ['a', 'é', '/', '%20'])}`, headers: many(9, () => [pick(['Qlik-Signature', 'svix-id', 'HTTP_X_HUB_SIGNATURE_256', 'Content-Type', 'user-agent']), text(9, pieces)]), body: pick([bytes(300), new TextEncoder().encode(text(99, pieces))]) },
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

test('a link that is made can be opened, and what cannot be is said by its field', () =>
  repeated(200, async ({ text, many, pick }) => {
    const long = (at) => pick(['', 'a'.repeat(at), 'a'.repeat(at + 1)]);
    const number = () => pick([0, 1, -1, 1.5, Number.NaN, Infinity, 2 ** 32 - 1, 2 ** 32, 253_402_300_799, 253_402_300_800, 253_402_300_799_999, 253_402_300_800_000, 2 ** 53]);
    const maybe = (name, make) => (pick([0, 0, 0, 1]) ? { [name]: make() } : {});
    const custom = () => ({ name: 'a', header: 'b', ...maybe('prefix', () => long(256)), ...maybe('tolerance', number), ...maybe('signed', () => many(17, () => pick(['body', 'id', { text: long(256) }]))), ...maybe('algorithm', () => pick(['hmac-sha1', 'md5'])) });
    const given = shared(
      { ...maybe('method', () => long(64)), ...maybe('url', () => `https://a/${long(65_526)}`), ...maybe('headers', () => Array(pick([1, 1000, 1001])).fill(['qlik-signature', pick(['a', 'a', long(65_536)])])) },
      { ...pick([{}, { scheme: 'svix' }, { scheme: custom() }]), options: { ...maybe('now', number), ...maybe('tolerance', () => pick([null, number()])), ...maybe('id', () => long(1024)), ...maybe('timestamp', number) } },
    );
    try {
      assert.deepEqual(await decode(await encode(given)), kept(given).shared);
    } catch (error) {
      assert.equal(error.name, 'ShareError', error.stack);
      assert.match(error.message, /^(?:The|“|This request is too long).*: (?:change it, and share again|shorten its body)/);
    }
  }));

test('what cannot be put into a link is named as the page names it', async () => {
  const custom = (more) => shared({}, { scheme: { name: 'a', header: 'b', ...more } });
  const options = (more) => shared({}, { options: more });
  for (const [given, words] of [
    [custom({ tolerance: Number.NaN }), /^The custom scheme, tolerance is no whole number from 0 to 4294967295: change it, and share again\.$/],
    [custom({ tolerance: 1.5 }), /^The custom scheme, tolerance is no whole number/],
    [custom({ prefix: 'a'.repeat(257) }), /^The custom scheme, prefix is longer than 256 characters/],
    [custom({ signed: Array(17).fill('body') }), /^The custom scheme, signed has more than 16 entries/],
    [shared({ headers: [['a', 'b'], ['Qlik-Signature', 'a'.repeat(65_537)]] }), /^The header Qlik-Signature is longer than 65536 characters/],
    [shared({ headers: Array(1001).fill(['qlik-signature', 'a']) }), /^The list of headers has more than 1000 entries/],
    [options({ now: 253_402_300_800_000 }), /^“Now” is no whole number from 0 to 253402300799: change it/],
    [options({ timestamp: 253_402_300_800 }), /^“Time of signing” is no whole number/],
    [options({ tolerance: Number.NaN }), /^“Tolerance” is no whole number/],
    [options({ id: 'a'.repeat(1025) }), /^“Message id” is longer than 1024 characters/],
  ]) {
    await assert.rejects(encode(given), (error) => error.name === 'ShareError' && error.code === 'form' && words.test(error.message), String(words));
  }
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
    [good.slice(0, -9), 'broken'], [plain('{'), 'broken'], ['#v1j._w', 'broken'], [plain('['.repeat(3 << 17)), 'broken'],
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
  const bomb = `#v1.${deflateRawSync(Buffer.alloc(700 << 20), { level: 9 }).toString('base64url')}`;
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
