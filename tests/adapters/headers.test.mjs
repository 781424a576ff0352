// Headers that Node keeps in other places, or not at all.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { Verifier, exchange, folder, frameworks, sign } from './frameworks.mjs';

const verifier = new Verifier('immuta', 'the secret');
const signed = sign('immuta', 'the secret', { body: '{}' });

for (const [name, { webhook, listen }] of Object.entries(frameworks)) {
  describe(name, () => {
    for (const header of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      test(`a header named ${header} changes nothing`, async () => {
        const errors = [];
        const server = await listen(webhook(verifier, () => {}, { onError: ({ code }) => void errors.push(code) }));
        const odd = [[header, 'x'], [header, 'y']];
        const genuine = await exchange(server.port, { headers: [...odd, ...Object.entries(signed)], body: '{}' });
        const forged = await exchange(server.port, { headers: odd, body: '{}' });
        await server.close();
        assert.deepEqual([genuine.status, forged.status, errors], [200, 401, ['missing_header']]);
      });
    }
  });
}

/** Versions of Node throw for what anyone may send. */
const throwing = (request) =>
  Object.defineProperty(request, 'headersDistinct', {
    get() {
      throw new TypeError('dest[field].push is not a function');
    },
  });

for (const [name, prepare] of [
  ['express 4', (app) => app.use((request, _response, next) => (throwing(request), next()))],
  ['express 5', (app) => app.use((request, _response, next) => (throwing(request), next()))],
  ['fastify', (app) => app.addHook('onRequest', async ({ raw }) => void throwing(raw))],
]) {
  test(`${name} needs no headersDistinct`, async () => {
    const { webhook, listen } = frameworks[name];
    const server = await listen(webhook(verifier, () => {}), prepare);
    const pairs = Object.entries(signed);
    const statuses = [];
    for (const headers of [pairs, [], [...pairs, ...pairs]]) {
      statuses.push((await exchange(server.port, { headers, body: '{}' })).status);
    }
    await server.close();
    assert.deepEqual(statuses, [200, 401, 401]);
  });
}

test('a platform that makes up requests need not fill in rawHeaders', async () => {
  const { webhook } = await import(pathToFileURL(`${folder}/express.js`).href);
  for (const more of [{}, { rawHeaders: [] }, { rawHeaders: Object.entries(signed).flat(), headers: {} }]) {
    const events = [];
    const request = Object.assign(Readable.from([Buffer.from('{}')]), { headers: signed, ...more });
    await webhook(verifier, ({ event }) => void events.push(event))(request, { end() {} }, assert.fail);
    assert.deepEqual(events, [{}]);
  }
});
