// The example of a store in Redis, with a Redis of its own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

import { createClient } from 'redis';

import { redisStore } from '../../wasm/js/examples/redis-store.mjs';
import { Verifier, exchange, frameworks, sign } from './frameworks.mjs';

let redis;
let port;
let folder;
const clients = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sigpost-redis-'));
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  ({ port } = probe.address());
  await new Promise((resolve) => probe.close(resolve));
  await startRedis();
});

after(async () => {
  for (const client of clients) {
    client.destroy();
  }
  await stopRedis();
  await rm(folder, { recursive: true, force: true });
});

async function startRedis() {
  const settings = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  redis = spawn('redis-server', settings.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  const failed = once(redis, 'error').then(([error]) => {
    throw new Error('redis-server does not start: `cargo xtask test` installs it, or `apt install redis-server`', { cause: error });
  });
  const said = [];
  const ready = (async () => {
    for await (const line of createInterface({ input: redis.stdout })) {
      said.push(line);
      if (line.includes('Ready to accept connections')) {
        return;
      }
    }
    throw new Error(`redis-server ended: ${said.join('\n')}`);
  })();
  await Promise.race([ready, failed]);
  redis.stdout.resume();
}

async function stopRedis() {
  if (redis.exitCode === null && redis.signalCode === null) {
    redis.kill();
    await once(redis, 'exit');
  }
}

/** A store as another process has it, on a connection of its own. */
async function connected(options) {
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: 50 }, disableOfflineQueue: true });
  clients.push(client);
  await client.on('error', () => {}).connect();
  return Object.assign(redisStore(client, options), { client });
}

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a delivery is new for one process, then in progress, then done for all', async () => {
  const [one, other] = [await connected(), await connected()];
  assert.deepEqual([await one.begin('a', '1'), await other.begin('a', '2')], ['new', 'inProgress']);
  await one.complete('a', '1');
  assert.deepEqual([await one.begin('a', '3'), await other.begin('a', '4')], ['done', 'done']);
});

test('of many that ask at the same time, one is told that it is new', async () => {
  const stores = await Promise.all([connected(), connected(), connected()]);
  const begun = await Promise.all(Array.from({ length: 60 }, (_, index) => stores[index % 3].begin('b', String(index))));
  assert.deepEqual([begun.filter((state) => state === 'new').length, begun.includes('done')], [1, false]);
});

test('what was released is new again, but not by one whose lease has run out', async () => {
  const store = await connected({ lease: 0.1 });
  await store.begin('c', '1');
  await store.release('c', '1');
  assert.equal(await store.begin('c', '2'), 'new');
  await wait(150);
  const next = await connected();
  assert.equal(await next.begin('c', '3'), 'new');
  await store.release('c', '2');
  assert.equal(await store.begin('c', '4'), 'inProgress');
  await store.complete('c', '2');
  await next.release('c', '3');
  assert.equal(await store.begin('c', '5'), 'done');
});

test('what was done is remembered for its time, five days unless said', async () => {
  const store = await connected();
  await store.complete('d', '1');
  const left = await store.client.pTTL('webhook:d');
  assert.ok(left > 431_990_000 && left <= 432_000_000, String(left));
  const brief = await connected({ ttl: 0.1, prefix: 'brief:' });
  await brief.complete('d', '1');
  assert.equal(await brief.begin('d', '2'), 'done');
  await wait(150);
  assert.equal(await brief.begin('d', '3'), 'new');
});

test('behind two processes a delivery is handled once, and with Redis away not at all until it is back', async () => {
  const verifier = new Verifier('standard-webhooks', 'the secret');
  const errors = [];
  let calls = 0;
  const { webhook, listen } = frameworks.fetch;
  const handler = async () => {
    calls += 1;
    await wait(100);
  };
  const options = async () => ({ store: await connected({ prefix: 'e:' }), onError: (error) => void errors.push(error) });
  const servers = [await listen(webhook(verifier, handler, await options())), await listen(webhook(verifier, handler, await options()))];
  const deliver = async (id, server = 0) => {
    const headers = sign('standard-webhooks', 'the secret', { body: '{}', id });
    return (await exchange(servers[server].port, { headers, body: '{}' })).status;
  };
  const statuses = await Promise.all([0, 1, 0, 1].map((server) => deliver('1', server)));
  assert.deepEqual([statuses.sort(), calls], [[200, 503, 503, 503], 1]);
  assert.deepEqual([await deliver('1', 1), calls], [200, 1]);
  await stopRedis();
  assert.deepEqual([await deliver('2'), calls, errors.length], [503, 1, 1]);
  await startRedis();
  let status = 503;
  for (let attempt = 0; status === 503 && attempt < 100; attempt += 1) {
    await wait(50);
    status = await deliver('2');
  }
  assert.deepEqual([status, calls], [200, 2]);
  await Promise.all(servers.map((server) => server.close()));
});
