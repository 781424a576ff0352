import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

import { schemes, sign, standardSecret } from '../../wasm/js/dist/index.js';
import { load } from './load.mjs';

const { kept } = await load('/src/playground/kept.ts');
const { encode, decode } = await load('/src/playground/share.ts');
const { answers } = await load('/src/playground/worker/engine.ts');
const { readSamples } = await load('/samples.ts');

const shared = (request = {}, more = {}) => ({
  mode: 'verify',
  request: { method: 'POST', url: 'https://example.com/hooks', headers: [], body: new TextEncoder().encode('{}'), ...request },
  options: {},
  ...more,
});

/** Headers that carry credentials, under names that are known for it and others. */
const CREDENTIALS = [
  'Authorization', 'Proxy-Authorization', 'X-Authorization', 'X-Forwarded-Authorization', 'Authentication', 'X-Auth', 'X-Auth-Key', 'X-Functions-Key', 'Ocp-Apim-Subscription-Key',
  'Private-Key', 'jwt', 'Cf-Access-Jwt-Assertion', 'X-Goog-IAP-JWT-Assertion', 'cookie', 'Set-Cookie', 'X-Api-Key', 'x-gitlab-token', 'x-anything', 'HTTP_AUTHORIZATION', 'signature', '__proto__', 'constructor',
].map((name, index) => [name, `credential ${index}`]);

test('headers that no scheme looks at are left out, whatever they are called', async () => {
  for (const scheme of [undefined, 'qlik', { name: 'own', header: 'x-own', idHeader: 'x-own-id', timestampHeader: 'x-own-time', weakerHeader: 'x_old' }]) {
    const own = typeof scheme === 'object' ? [['X-Own', 'b'], ['HTTP_X_OWN_ID', 'c'], ['x-own-time', 'd'], ['X_OLD', 'e']] : [];
    const headers = [['Content-Type', 'a'], ['User-Agent', 'f'], ['WEBHOOK-Signature', 'g'], ['HTTP_X_HUB_SIGNATURE_256', 'h'], ...own];
    const given = shared({ headers: [...CREDENTIALS, ...headers, ...CREDENTIALS] }, scheme === undefined ? {} : { scheme });
    const { request } = await decode(await encode(given));
    assert.deepEqual(request.headers, headers);
    assert.deepEqual(kept(given).left, CREDENTIALS.map(([name]) => name.toLowerCase()));
  }
  assert.deepEqual(kept(shared({ headers: [['x-own', 'a']] }, { scheme: 'qlik' })).left, ['x-own']);
});

test('of a URL there are no user, no parameters and no fragment', () => {
  const [user, rest] = ['user and password in the URL', 'what follows the path in the URL'];
  for (const [url, plain, left] of [
    ['https://example.com/hooks', 'https://example.com/hooks', []],
    ['https://example.com:8080/@me/a@b', 'https://example.com:8080/@me/a@b', []],
    ['/hooks', '/hooks', []],
    ['/@me', '/@me', []],
    ['', '', []],
    ['https://example.com/?key=a&sig=b&code=c&signature=d&X-Amz-Signature=e&X-Amz-Credential=f&X-Amz-Security-Token=g', 'https://example.com/', [rest]],
    ['https://example.com/a?n=1', 'https://example.com/a', [rest]],
    ['https://example.com/a;jsessionid=b', 'https://example.com/a', [rest]],
    ['https://example.com/a#access_token=b', 'https://example.com/a', [rest]],
    ['https://example.com?a', 'https://example.com', [rest]],
    ['https://user:password@example.com/a?b', 'https://example.com/a', [user, rest]],
    ['https://user:p@ss@example.com', 'https://example.com', [user]],
    ['https:/user:password@example.com/', 'https:/example.com/', [user]],
    ['https:user:password@example.com/', 'example.com/', [user]],
    ['https:\\\\user:password@example.com\\a', 'https:\\\\example.com\\a', [user]],
    ['//user:password@example.com/', '//example.com/', [user]],
    ['user:password@example.com/a@b', 'example.com/a@b', [user]],
    ...[' ', '\t', '\0', '\r\n \x1f'].map((blank) => [`${blank}https://user:password@example.com/a`, 'https://example.com/a', [user]]),
    ['ht\ttps:\n/\r/us\ter:password@example.com', 'https://example.com', [user]],
    ['\u00a0https://user:password@example.com', '\u00a0https://example.com', [user]],
    [' https://example.com', 'https://example.com', []],
  ]) {
    const { shared: { request }, left: named } = kept(shared({ url }));
    assert.deepEqual([request.url, named], [plain, left], url);
  }
});

const about = ({ scheme, secrets, headers, body, now }) => ({ scheme, secrets, headers, body, now, tolerance: undefined, canonical: false });
const isPreset = ({ scheme }) => Object.hasOwn(schemes, scheme);

/** What comes of a request, and of the same with credentials beside it once it has been shared. */
async function both({ scheme, secrets, headers, body, now }) {
  const { request } = await decode(await encode(shared({ headers: [...CREDENTIALS, ...headers], body }, { scheme })));
  const before = about({ scheme, secrets, headers, body, now });
  return [before, about({ ...before, headers: request.headers, body: request.body })];
}

test('a shared request is judged as before, for every vector of every scheme that is built in', async () => {
  const folder = new URL('../../tests/vectors/signature/', import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json'));
  const all = await Promise.all(files.map(async (file) => JSON.parse(await readFile(new URL(file, folder), 'utf8')).cases));
  const seen = new Set();
  for (const { feature, scheme, secrets, headers, body, now, name } of all.flat().filter(isPreset)) {
    const bytes = new Uint8Array(body.hex === undefined ? Buffer.from(body.text ?? body.repeat.repeat(body.times)) : Buffer.from(body.hex, 'hex'));
    if (feature || bytes.length > 1 << 20) continue;
    seen.add(scheme);
    const [before, after] = await both({ scheme, secrets, headers, body: bytes, now: now * 1000 });
    assert.deepEqual(answers.judge({ about: after, others: [] }), answers.judge({ about: before, others: [] }), name);
  }
  assert.deepEqual([...seen].sort(), Object.keys(schemes).sort());
});

test('a shared request is explained as before: every sample, and what servers make of names and lengths', async () => {
  const samples = (await readSamples()).map((sample) => ({ ...sample, body: new Uint8Array(Buffer.from(sample.body.text ?? sample.body.base64, sample.body.text === undefined ? 'base64' : 'utf8')) }));
  const cgi = samples.map((sample) => ({ ...sample, headers: sample.headers.map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, value]) }));
  const cut = samples.map(({ headers, body, ...sample }) => ({ ...sample, headers: [...headers, ['Content-Length', String(body.length)], ['Content-Encoding', 'gzip']], body: body.subarray(0, -1) }));
  const others = samples.map((sample) => ({ ...sample, scheme: sample.scheme === 'github' ? 'slack' : 'github' }));
  const standard = samples.map((sample) => ({ ...sample, headers: Object.entries(sign('standard-webhooks', standardSecret(sample.secrets[0]), { body: sample.body, id: 'msg_1' })) }));
  const hints = new Set();
  for (const sample of [...samples, ...cgi, ...cut, ...others, ...standard]) {
    const [before, after] = await both(sample);
    const explained = answers.explain(before);
    assert.deepEqual(answers.explain(after), explained, sample.id);
    for (const { code } of [...explained.mistakes, ...explained.hints]) hints.add(code);
  }
  for (const code of ['header_name', 'truncated_body', 'decompressed_body', 'another_scheme']) assert.ok(hints.has(code), `${code} of ${[...hints]}`);
});
