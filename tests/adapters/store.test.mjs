// Deduplication: the store in memory by itself, then behind every framework.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';

import { Verifier, exchange, frameworks, memoryStore, sign } from './frameworks.mjs';

const SECRET = 'the secret';
const HOUR = 60 * 60 * 1000;

describe('the store in memory', () => {
  let time = 1_000_000;
  const now = () => time;

  test('a delivery is new once, then in progress, then done until its time is over', () => {
    const store = memoryStore({ ttl: 3600, now });
    assert.deepEqual([store.begin('a', '1'), store.begin('a', '2'), store.begin('b', '3')], ['new', 'inProgress', 'new']);
    store.complete('a', '1');
    time += HOUR - 1;
    assert.equal(store.begin('a', '4'), 'done');
    time += 1;
    assert.equal(store.begin('a', '5'), 'new');
  });

  test('unless told otherwise, it remembers for five days and leases for a minute', () => {
    const store = memoryStore({ now });
    store.begin('a', '1');
    time += 59_999;
    assert.equal(store.begin('a', '2'), 'inProgress');
    time += 1;
    assert.equal(store.begin('a', '3'), 'new');
    store.complete('a', '3');
    time += 5 * 24 * HOUR - 1;
    assert.equal(store.begin('a', '4'), 'done');
    time += 1;
    assert.equal(store.begin('a', '5'), 'new');
  });

  test('what was released is new again, but not by one whose lease has run out', () => {
    const store = memoryStore({ lease: 10, now });
    store.begin('a', '1');
    store.release('a', '1');
    assert.equal(store.begin('a', '2'), 'new');
    time += 10_000;
    assert.equal(store.begin('a', '3'), 'new');
    store.release('a', '2');
    assert.equal(store.begin('a', '4'), 'inProgress');
  });

  test('what was completed too late is done all the same', () => {
    const store = memoryStore({ lease: 10, now });
    store.begin('a', '1');
    time += 10_000;
    store.begin('a', '2');
    store.complete('a', '1');
    assert.equal(store.begin('a', '3'), 'done');
    store.release('a', '2');
    assert.equal(store.begin('a', '4'), 'done');
  });

  test('at its limit it forgets what was done longest ago, and never what is in progress', () => {
    const store = memoryStore({ max: 3, now });
    for (const key of ['a', 'b', 'c']) {
      store.begin(key, key);
      store.complete(key, key);
    }
    store.begin('d', 'd');
    assert.deepEqual([store.begin('b', 'x'), store.begin('c', 'x')], ['done', 'done']);
    assert.equal(store.begin('a', 'a'), 'new');
    assert.equal(store.begin('b', 'b'), 'new');
    assert.throws(() => store.begin('e', 'e'), { name: 'RangeError', message: '3 deliveries are in progress' });
    assert.equal(store.begin('d', 'x'), 'inProgress');
    store.release('a', 'a');
    assert.equal(store.begin('e', 'e'), 'new');
  });

  test('what is completed without a place takes none above the limit', () => {
    const store = memoryStore({ max: 2, lease: 10, now });
    store.begin('late', '1');
    time += 10_000;
    store.begin('a', '2');
    store.begin('b', '3');
    store.complete('late', '1');
    store.release('a', '2');
    // Were it remembered, it would be the third.
    assert.equal(store.begin('late', '5'), 'new');
    store.complete('late', '5');
    assert.deepEqual([store.begin('late', '6'), store.begin('b', '7')], ['done', 'inProgress']);
  });

  test('leases that ran out make room', () => {
    const store = memoryStore({ max: 1, lease: 10, now });
    store.begin('a', '1');
    assert.throws(() => store.begin('b', '2'));
    time += 10_000;
    assert.equal(store.begin('b', '3'), 'new');
  });

  test('a clock that goes back keeps no lease alive that has run out', () => {
    const store = memoryStore({ lease: 10, now });
    store.begin('a', '1');
    time -= 5_000;
    store.begin('b', '2');
    time += 10_000;
    assert.deepEqual([store.begin('b', '3'), store.begin('a', '4')], ['new', 'inProgress']);
  });

  test('settings that make no sense are refused', () => {
    assert.throws(() => memoryStore({ tll: 1 }), { name: 'TypeError', message: /no 'tll'; there is ttl, lease, max, now/ });
    for (const wrong of [{ ttl: 0 }, { lease: -1 }, { max: 0 }, { ttl: NaN }, { max: NaN }, { max: '5' }, { ttl: '60' }, { lease: [1] }, { max: 5n }, { max: null }]) {
      assert.throws(() => memoryStore(wrong), { name: 'TypeError', message: /numbers above 0/ });
    }
  });
});

for (const [name, { webhook, listen }] of Object.entries(frameworks)) {
  describe(`${name} with a store`, () => {
    const verifier = new Verifier('standard-webhooks', SECRET);
    const errors = [];
    let handler;
    let store;
    let server;
    let calls;

    before(async () => {
      const options = {
        // One for each test.
        store: {
          begin: (...delivery) => store.begin(...delivery),
          complete: (...delivery) => store.complete(...delivery),
          release: (...delivery) => store.release(...delivery),
        },
        onError: (error) => void errors.push(error.message),
      };
      server = await listen(webhook(verifier, (...received) => ((calls += 1), handler(...received)), options));
    });
    after(() => server.close());
    const start = (next = () => {}) => {
      [store, calls, handler] = [memoryStore(), 0, next];
      errors.length = 0;
    };
    const deliver = (id, body = '{}') => exchange(server.port, { headers: sign('standard-webhooks', SECRET, { body, id }), body });

    test('what was handled is answered 200 and not handled again', async () => {
      start();
      const statuses = [];
      for (const id of ['1', '1', '2']) {
        statuses.push((await deliver(id)).status);
      }
      assert.deepEqual([statuses, calls, errors], [[200, 200, 200], 2, []]);
    });

    test('of many at the same time one is handled, and the others are told to come again', { timeout: 10_000 }, async () => {
      const { promise, resolve } = withResolvers();
      start(() => promise);
      const all = Array.from({ length: 10 }, () => deliver('1'));
      // All but the one that is being handled.
      await atLeast(9, all);
      resolve();
      const answers = await Promise.all(all);
      const refused = answers.filter(({ status }) => status === 503);
      assert.deepEqual([calls, refused.length], [1, 9]);
      assert.ok(refused.every(({ headers, body }) => headers['retry-after'] === '5' && body === ''));
      assert.ok(refused.every(({ headers }) => headers.connection !== 'close'));
      const { status, headers } = await deliver('1');
      assert.deepEqual([status, calls, headers.connection === 'close'], [200, 1, false]);
    });

    test('a handler that throws is called again for the next attempt', async () => {
      start(() => {
        if (calls < 3) {
          throw new Error('no disk');
        }
      });
      const statuses = [];
      for (let attempt = 0; attempt < 4; attempt += 1) {
        statuses.push((await deliver('1')).status);
      }
      assert.deepEqual([statuses, calls, errors], [[500, 500, 200, 200], 3, []]);
    });

    test('a handler that answers anything but 2xx is called again for the next attempt', async () => {
      const answers = [500, 409, 302, 202];
      start((_verified, first, second) => {
        const status = answers[calls - 1];
        if (name.startsWith('express')) {
          second.status(status);
        } else if (name === 'fastify') {
          second.code(status);
        } else {
          return name === 'hono' ? first.body(null, status) : new Response(null, { status });
        }
      });
      const statuses = [];
      for (let attempt = 0; attempt < 5; attempt += 1) {
        statuses.push((await deliver('1')).status);
      }
      assert.deepEqual([statuses, calls], [[500, 409, 302, 202, 200], 4]);
    });

    // Fastify knows no status before it has answered.
    const early = name === 'fastify';
    test(`success is answered ${early ? 'before' : 'after'} the store knows of it`, async () => {
      start();
      const { complete } = store;
      const { promise, resolve } = withResolvers();
      store.complete = async (...delivery) => (await promise, complete(...delivery));
      const answer = deliver('1');
      assert.equal((await deliver('1')).status, 503);
      assert.equal((await (early ? answer : Promise.race([answer, later()])))?.status, early ? 200 : undefined);
      resolve();
      assert.equal((await answer).status, 200);
    });

    test('a store that fails has nothing handled, and the sender come again', async () => {
      start();
      store.begin = async () => {
        throw new Error('no Redis');
      };
      const { status, headers } = await deliver('1');
      assert.deepEqual([status, headers['retry-after'], calls, errors], [503, '5', 0, ['no Redis']]);
    });

    test('a store that says nothing known has nothing handled', async () => {
      start();
      store.begin = () => undefined;
      assert.deepEqual([(await deliver('1')).status, calls], [503, 0]);
    });

    test('a store that fails afterwards does not undo what was handled', async () => {
      start();
      store.complete = async () => {
        throw new Error('no Redis');
      };
      assert.deepEqual([(await deliver('1')).status, calls, errors], [200, 1, ['no Redis']]);
    });

    test('an onError that fails as well does not undo it either', async (t) => {
      const logged = t.mock.method(console, 'error', () => {});
      const failing = { ...memoryStore(), complete: () => { throw new Error('no Redis') } };
      const onError = async () => { throw new Error('no log') };
      const careless = await listen(webhook(verifier, () => {}, { store: failing, onError }));
      const headers = sign('standard-webhooks', SECRET, { body: '{}', id: '1' });
      const { status } = await exchange(careless.port, { headers, body: '{}' });
      await careless.close();
      assert.deepEqual([status, logged.mock.calls.map(({ arguments: [error] }) => error.message)], [200, ['no log']]);
    });

    test('a store that fails to release does not hide what the handler threw', async () => {
      start(() => {
        throw new Error('no disk');
      });
      store.release = () => {
        throw new Error('no Redis');
      };
      const { status, body } = await deliver('1');
      assert.deepEqual([status, body, errors], [500, 'framework: no disk', ['no Redis']]);
    });

    if (name === 'fastify') {
      const circular = {};
      circular.self = circular;
      for (const [kind, answer] of Object.entries({
        'an Error': () => new Error('no disk'),
        'a Response of 500': () => new Response('no disk', { status: 500 }),
        'a number that JSON has not': () => ({ count: 1n }),
        'an object that holds itself': () => circular,
        'an object as text': (reply) => (reply.type('text/plain'), { a: 1 }),
        'a Response that was read': async () => {
          const read = new Response('{}');
          await read.text();
          return read;
        },
        'an Error that it sent itself': (reply) => reply.send(new Error('no disk')),
      })) {
        test(`${kind}, which Fastify answers with 500, has the next attempt handled again`, async () => {
          start((_verified, _request, reply) => (calls === 1 ? answer(reply) : undefined));
          const statuses = [];
          for (let attempt = 0; attempt < 3; attempt += 1) {
            statuses.push((await deliver('1')).status);
          }
          assert.deepEqual([statuses, calls], [[500, 200, 200], 2]);
        });
      }

      for (const [kind, expected, answer] of [
        ['an object', '{"a":1}', () => ({ a: 1 })],
        ['a Response', 'made', () => new Response('made', { status: 201 })],
        ['a stream', 'flows', () => Readable.from([Buffer.from('flows')])],
        ['bytes', 'bytes', () => Buffer.from('bytes')],
        ['what it sent itself', 'sent', (reply) => reply.send('sent')],
      ]) {
        test(`${kind} is answered once, and done`, async () => {
          start((_verified, _request, reply) => answer(reply));
          const [first, second] = [await deliver('1'), await deliver('1')];
          assert.deepEqual([first.body, second.status, second.body, calls], [expected, 200, '', 1]);
        });
      }

      for (const hook of ['preSerialization', 'onSend']) {
        test(`an ${hook} hook that fails has the next attempt handled again`, async () => {
          let failing = true;
          let handled = 0;
          const careless = await listen(webhook(verifier, () => ((handled += 1), { a: 1 }), { store: memoryStore() }), (app) =>
            app.addHook(hook, async (_request, _reply, payload) => {
              if (failing) {
                throw new Error('no hook');
              }
              return payload;
            }));
          const headers = sign('standard-webhooks', SECRET, { body: '{}', id: '1' });
          const first = await exchange(careless.port, { headers, body: '{}' });
          failing = false;
          const second = await exchange(careless.port, { headers, body: '{}' });
          await careless.close();
          assert.deepEqual([first.status, second.status, second.body, handled], [500, 200, '{"a":1}', 2]);
        });
      }
    }

    test('what is forged never reaches the store', async () => {
      start();
      store.begin = () => assert.fail('asked');
      const headers = sign('standard-webhooks', 'a guess', { body: '{}', id: '1' });
      assert.equal((await exchange(server.port, { headers, body: '{}' })).status, 401);
    });

    test('the key is the scheme and the id', async () => {
      start();
      const keys = [];
      const { begin } = store;
      store.begin = (key, lease) => (keys.push([key, lease.length]), begin(key, lease));
      await deliver('msg_1');
      assert.deepEqual(keys, [['standard-webhooks:msg_1', 36]]);
    });

    test('without a signed id a store is an error at once that says what to do', () => {
      for (const scheme of ['immuta', 'stripe']) {
        const plain = new Verifier(scheme, SECRET);
        const message = /a store needs a signed id: set standardWebhooks: 'required'/;
        assert.throws(() => webhook(plain, () => {}, { store }), { name: 'TypeError', message });
      }
    });
  });
}

const later = (milliseconds = 50) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolves when so many of them have. */
const atLeast = (count, promises) =>
  new Promise((resolve) => {
    for (const promise of promises) {
      promise.then(() => (count -= 1) === 0 && resolve(), () => {});
    }
  });

function withResolvers() {
  let resolve;
  const promise = new Promise((settle) => (resolve = settle));
  return { promise, resolve };
}
