// Fastify over HTTP/2, whose requests are not those of HTTP/1.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import fastify from 'fastify';

import { Verifier, folder, sign } from './frameworks.mjs';

const { webhook } = await import(pathToFileURL(`${folder}/fastify.js`).href);

let app;
let session;
let refused;
const verifier = new Verifier('immuta', 'the secret', { maxBytes: 100 });
const events = [];
const warnings = [];
process.on('warning', (warning) => warnings.push(warning.message));

before(async () => {
  app = fastify({ http2: true });
  const onError = (error) => refused(error);
  app.register(webhook(verifier, ({ event }) => void events.push(event), { onError }), { prefix: '/hooks' });
  await app.listen({ port: 0, host: '127.0.0.1' });
  session = connect(`http://127.0.0.1:${app.server.address().port}`);
});
after(async () => {
  session.destroy();
  await app.close();
});

const start = (headers) => session.request({ ':method': 'POST', ':path': '/hooks', ...headers });

async function statusOf(stream) {
  const [headers] = await once(stream, 'response');
  return headers[':status'];
}

test('a genuine request is handed over', async () => {
  const stream = start(sign('immuta', 'the secret', { body: '{"a":1}' }));
  stream.end('{"a":1}');
  assert.equal(await statusOf(stream), 200);
  assert.deepEqual(events, [{ a: 1 }]);
});

test('one that is forged or too large is answered 401', async () => {
  for (const [body, code] of [['{}', 'mismatch'], [' '.repeat(101), 'body_too_large']]) {
    const failed = new Promise((resolve) => (refused = resolve));
    const stream = start(sign('immuta', 'a guess', { body }));
    stream.end(body);
    assert.deepEqual([await statusOf(stream), (await failed).code], [401, code]);
  }
});

test('one that ends in the middle is handed to nobody', { timeout: 10_000 }, async () => {
  const failed = new Promise((resolve) => (refused = resolve));
  const stream = start(sign('immuta', 'the secret', { body: '{}' }));
  stream.on('error', () => {});
  stream.write('{');
  await new Promise((resolve) => setTimeout(resolve, 50));
  stream.close(constants.NGHTTP2_CANCEL);
  // Node calls that an end.
  assert.deepEqual([(await failed).fault, events.length], ['sender', 1]);
});

test('no header of HTTP/1 is set, of which Node would warn', () => assert.deepEqual(warnings, []));
