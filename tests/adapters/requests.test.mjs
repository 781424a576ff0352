// What every adapter makes of requests, in each framework, over real sockets.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';

import { Verifier, answerOn, exchange, frameworks, sign } from './frameworks.mjs';

const SECRET = 'the secret';
const MAX = 64 * 1024;
const signed = (body) => sign('immuta', SECRET, { body });

for (const [name, { webhook, listen }] of Object.entries(frameworks)) {
  describe(name, () => {
    const verifier = new Verifier('immuta', SECRET, { maxBytes: MAX });
    const calls = [];
    const errors = [];
    /** What Express was told. */
    const caught = [];
    let handler;
    let server;

    before(async () => {
      const onError = (error) => void errors.push(error);
      const hook = webhook(verifier, (verified, ...rest) => (calls.push(verified), handler?.(verified, ...rest)), { onError });
      const route = (request, response, next) => hook(request, response, (error) => (caught.push(error), next(error)));
      server = await listen(name.startsWith('express') ? route : hook);
    });
    after(() => server.close());
    const clear = () => {
      calls.length = 0;
      errors.length = 0;
      handler = undefined;
    };
    const post = async (body, headers = signed(body), more = {}) => {
      clear();
      return exchange(server.port, { headers, body, ...more });
    };

    test('a genuine request is handed over with what was signed, and answered 200 without a body', async () => {
      const body = '{"text":"hällo"}';
      const { status, body: answer } = await post(body, { ...signed(body), 'content-type': 'application/json' });
      assert.deepEqual([status, answer, errors.length], [200, '', 0]);
      const [{ event, signedBytes, scheme, secretIndex }] = calls;
      assert.deepEqual([event, Buffer.from(signedBytes).toString(), scheme, secretIndex], [{ text: 'hällo' }, body, 'immuta', 0]);
    });

    for (const [kind, body] of Object.entries({
      'an empty body': Buffer.alloc(0),
      'bytes that are no UTF-8': Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x80]),
      'a byte order mark': Buffer.from('\ufeff{}'),
      'patterns of a replacement': Buffer.from('{"a":"$& $$ $\' $1"}'),
      'a form': Buffer.from('a=1&b=%20'),
      'exactly as many bytes as are allowed': Buffer.alloc(MAX, 32),
    })) {
      test(`${kind}, signed, is handed over byte for byte`, async () => {
        assert.equal((await post(body)).status, 200);
        assert.deepEqual(Buffer.from(calls[0].signedBytes), body);
      });
    }

    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/cloudevents+json; charset=latin1']) {
      test(`a body called ${type} is no other body`, async () => {
        const body = '{"a":"ü"}';
        assert.equal((await post(body, { ...signed(body), 'content-type': type })).status, 200);
        assert.deepEqual(calls[0].event, { a: 'ü' });
      });
    }

    test('a body in chunks is put together', async () => {
      clear();
      const socket = connect(server.port, '127.0.0.1');
      const lines = Object.entries(signed('[1,2]')).map(([header, value]) => `${header}: ${value}\r\n`).join('');
      socket.write(`POST /hooks HTTP/1.1\r\nhost: a\r\n${lines}transfer-encoding: chunked\r\n\r\n2\r\n[1\r\n`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.write('3\r\n,2]\r\n0\r\n\r\n');
      assert.equal((await answerOn(socket)).status, 200);
      assert.deepEqual(calls[0].event, [1, 2]);
    });

    test('whoever sends what does not verify gets the same 401, whatever the reason', async () => {
      const answers = new Map();
      const refuse = async (code, sent) => {
        clear();
        const answer = await exchange(server.port, sent);
        assert.deepEqual([answer.status, errors[0].name, errors[0].code, errors[0].fault], [401, 'VerificationError', code, 'sender']);
        assert.deepEqual([calls.length, errors.length], [0, 1]);
        answers.set(code, JSON.stringify(answer));
      };
      const header = 'x-immuta-webhook-signature-sha256';
      await refuse('mismatch', { body: '{}', headers: sign('immuta', 'a guess', { body: '{}' }) });
      await refuse('missing_header', { body: '{}' });
      await refuse('malformed_header', { body: '{}', headers: { [header]: 'zz' } });
      await refuse('sha1_only', { body: '{}', headers: sign('immuta-sha1', SECRET, { body: '{}' }) });
      // Announced only, or without an end: nobody waits for the rest.
      await refuse('body_too_large', { headers: { ...signed(''), 'content-length': MAX + 1 } });
      const chunk = `${(MAX + 1).toString(16)}\r\n${' '.repeat(MAX + 1)}\r\n`;
      const endless = { body: chunk, announce: false, headers: { ...signed(''), 'transfer-encoding': 'chunked' } };
      await refuse('body_too_large', endless);
      assert.equal(new Set(answers.values()).size, 1, [...answers].join('\n'));
    });

    test('of a body that is too large, little is read, and the connection ends', { timeout: 20_000 }, async () => {
      let finish;
      const looked = new Promise((resolve) => (finish = resolve));
      let asked;
      const refused = new Promise((resolve) => (asked = resolve));
      const slow = await listen(webhook(verifier, () => assert.fail('called'), { onError: (error) => (asked(error), looked) }));
      const socket = connect(slow.port, '127.0.0.1');
      // It is closed on what is still to be sent.
      socket.on('error', () => {});
      const closed = new Promise((resolve) => socket.on('close', resolve));
      const size = 64 * 1024 * 1024;
      socket.write(`POST /hooks HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${size.toString(16)}\r\n`);
      socket.write(Buffer.alloc(size));
      assert.equal((await refused).code, 'body_too_large');
      // Whoever reads on would have read all by now.
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.ok(socket.writableLength > size / 2, `${size - socket.writableLength} bytes were taken`);
      finish();
      socket.resume();
      await closed;
      await slow.close();
    });

    test('the rest of a body that is too large is not waited for', { timeout: 20_000 }, async () => {
      const socket = connect(server.port, '127.0.0.1');
      const closed = once(socket, 'close');
      socket.write(`POST /hooks HTTP/1.1\r\nhost: a\r\ncontent-length: ${MAX + 1}\r\n\r\n`);
      socket.resume();
      await closed;
    });

    test('a signature that is there twice is refused, even if both are right', async () => {
      // `Headers` joins them into what is no signature.
      const joined = name === 'hono' || name === 'fetch';
      const pairs = Object.entries(signed('{}'));
      assert.equal((await post('{}', [...pairs, ...pairs])).status, 401);
      assert.equal(errors[0].code, joined ? 'malformed_header' : 'duplicate_header');
    });

    test('what the handler throws goes the way of the framework, at once or later', async () => {
      for (const failing of [() => { throw new Error('no disk') }, async () => { throw new Error('no disk') }]) {
        clear();
        handler = failing;
        const answer = await exchange(server.port, { headers: signed('{}'), body: '{}' });
        assert.deepEqual([answer.status, answer.body, errors.length], [500, 'framework: no disk', 0]);
      }
    });

    test('a genuine body that is no JSON is the handler\'s to judge', async () => {
      clear();
      handler = (verified) => void verified.event;
      assert.equal((await exchange(server.port, { headers: signed('no'), body: 'no' })).status, 500);
      assert.equal((await post('no')).status, 200);
    });

    test('a sender that goes away in the middle is told to onError, and nothing else happens', async () => {
      clear();
      const socket = connect(server.port, '127.0.0.1');
      socket.write('POST /hooks HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n12345');
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.destroy();
      await once(socket, 'close');
      for (let wait = 0; errors.length === 0 && wait < 100; wait += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.deepEqual([errors[0].code, errors[0].fault, calls.length], ['aborted', 'sender', 0]);
      assert.equal((await post('{}')).status, 200);
    });

    test('the other routes keep their body parsers', async () => {
      const headers = { 'content-type': 'application/json' };
      const { status, body } = await exchange(server.port, { path: '/json', headers, body: '{"a":[1]}' });
      assert.deepEqual([status, body], [200, '{"a":[1]}']);
    });

    test('what the receiver has to mend is answered 500 without a body, and goes to the console unless it is asked for', async (t) => {
      const broken = new Verifier('immuta', SECRET);
      broken.dispose();
      const logged = t.mock.method(console, 'error', () => {});
      const lonely = await listen(webhook(broken, () => assert.fail('called')));
      const answer = await exchange(lonely.port, { headers: signed('{}'), body: '{}' });
      await lonely.close();
      assert.deepEqual([answer.status, answer.body], [500, '']);
      assert.deepEqual(logged.mock.calls.map(({ arguments: [error] }) => error.code), ['disposed']);
    });

    test('what strangers send does not fill the log', async (t) => {
      const logged = t.mock.method(console, 'error', () => {});
      const quiet = await listen(webhook(verifier, () => assert.fail('called')));
      assert.equal((await exchange(quiet.port, { body: '{}' })).status, 401);
      await quiet.close();
      assert.equal(logged.mock.callCount(), 0);
    });

    test('an onError that fails changes no answer, and goes to the console', async (t) => {
      const logged = t.mock.method(console, 'error', () => {});
      const broken = new Verifier('immuta', SECRET);
      broken.dispose();
      for (const onError of [() => { throw new Error('no log') }, async () => { throw new Error('no log') }]) {
        for (const [judge, headers, expected] of [[verifier, {}, 401], [broken, signed('{}'), 500]]) {
          logged.mock.resetCalls();
          const careless = await listen(webhook(judge, () => assert.fail('called'), { onError }));
          const { status, body } = await exchange(careless.port, { headers, body: '{}' });
          await careless.close();
          assert.deepEqual([status, body], [expected, '']);
          assert.deepEqual(logged.mock.calls.map(({ arguments: [error] }) => error.message), ['no log']);
        }
      }
    });

    if (name.startsWith('express')) {
      test('what the handler throws is an error to Express, even if it is nothing or names a route', async () => {
        for (const thrown of [undefined, null, 0, '', 'route', 'router', Symbol('a')]) {
          for (const failing of [() => { throw thrown }, () => Promise.reject(thrown)]) {
            clear();
            caught.length = 0;
            handler = failing;
            const { status, body } = await exchange(server.port, { headers: signed('{}'), body: '{}' });
            assert.deepEqual([status, body, caught.length, caught[0]?.cause], [500, 'framework: no error', 1, thrown]);
          }
        }
      });

      test('what the handler throws goes to Express as it is if it is an object', async () => {
        clear();
        caught.length = 0;
        const thrown = { message: 'no disk' };
        handler = () => { throw thrown };
        assert.equal((await exchange(server.port, { headers: signed('{}'), body: '{}' })).body, 'framework: no disk');
        assert.equal(caught[0], thrown);
      });

      test('what the handler answers itself goes out as it is, even what follows later', async () => {
        clear();
        handler = (_verified, _request, response) => {
          response.status(202).write('first ');
          setTimeout(() => response.end('last'), 50);
        };
        const { status, body } = await exchange(server.port, { headers: signed('{}'), body: '{}' });
        assert.deepEqual([status, body.replace(/\s+/g, ' ')], [202, 'first last']);
      });
    }

    test('an option that does not exist is an error at once', () => {
      assert.throws(() => webhook(verifier, () => {}, { stroe: {} }), { name: 'TypeError', message: 'no option stroe' });
    });
  });
}
