// Bodies that somebody has read before the webhook: taken where every byte of them is left, refused with advice where not.

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';

import { Verifier, exchange, frameworks, sign } from './frameworks.mjs';

const verifier = new Verifier('immuta', 'the secret');
const BODY = '{ "text": "\u00e4" }';

/** Posts a genuine body to a webhook of the framework's behind what `prepare` sets up; what came of it. */
async function post(framework, prepare, body = BODY) {
  const errors = [];
  const events = [];
  const { webhook, listen } = frameworks[framework];
  const server = await listen(webhook(verifier, ({ signedBytes }) => void events.push(Buffer.from(signedBytes).toString()), { onError: (error) => void errors.push(error) }), prepare);
  const headers = { ...sign('immuta', 'the secret', { body }), 'content-type': 'application/json' };
  const { status, body: answer } = await exchange(server.port, { headers, body });
  await server.close();
  return { status, answer, events, errors };
}

/** That it is refused, 500 without a body, with this advice for the receiver. */
function assertRefused({ status, answer, events, errors }, advice) {
  assert.deepEqual([status, answer, events], [500, '', []]);
  assert.deepEqual([errors.length, errors[0].code, errors[0].fault], [1, 'invalid_body', 'receiver']);
  assert.ok(errors[0].message.startsWith('the body was read already: ') && advice.test(errors[0].message), errors[0].message);
}

for (const name of ['express 4', 'express 5']) {
  describe(name, () => {
    test('behind express.json() a body is refused, with what to do about it', async () => {
      const advice = /use this before express\.json\(\), or express\.raw\(\{type:'\*\/\*'\}\), or express\.json\(\{verify/;
      assertRefused(await post(name, (app, express) => app.use(express.json())), advice);
    });

    test('what the advice says helps', async () => {
      for (const prepare of [
        (app, express) => app.use(express.raw({ type: '*/*' })),
        (app, express) => app.use(express.json({ verify(req, res, body) { req.rawBody = body } })),
        // One that does not take this type leaves it alone.
        (app, express) => app.use(express.urlencoded({ extended: false })),
      ]) {
        const { status, events } = await post(name, prepare);
        assert.deepEqual([status, events], [200, [BODY]]);
      }
    });

    test('a string is refused, since other bytes may have become it', async () => {
      const advice = /or express\.raw\(\{type:'\*\/\*'\}\)/;
      for (const body of ['"\u00e4"', Buffer.from('\ufeff{}'), Buffer.from([0x22, 0xff, 0x22])]) {
        for (const prepare of [
          (app, express) => app.use(express.text({ type: '*/*' })),
          (app, express) => app.use(express.text({ type: '*/*' }), (request, _response, next) => ((request.rawBody = request.body), next())),
        ]) {
          assertRefused(await post(name, prepare, body), advice);
        }
      }
      assertRefused(await post(name, (app, express) => app.use(express.json({ strict: false })), '"text"'), advice);
    });

    test('an empty body that was read is still known', async () => {
      for (const prepare of [(app, express) => app.use(express.json()), (app, express) => app.use(express.raw({ type: '*/*' }))]) {
        const { status, events } = await post(name, prepare, '');
        assert.deepEqual([status, events], [200, ['']]);
      }
    });

    test('without onError the advice is in the log', async (t) => {
      const logged = t.mock.method(console, 'error', () => {});
      const { webhook, listen } = frameworks[name];
      const server = await listen(webhook(verifier, () => assert.fail('called')), (app, express) => app.use(express.json()));
      const headers = { ...sign('immuta', 'the secret', { body: BODY }), 'content-type': 'application/json' };
      assert.equal((await exchange(server.port, { headers, body: BODY })).status, 500);
      await server.close();
      assert.match(logged.mock.calls[0].arguments[0].message, /use this before express\.json\(\)/);
    });
  });
}

describe('fastify', () => {
  test('a hook that reads the request is refused, with what to do about it', async () => {
    const read = async (request) => {
      for await (const chunk of request.raw) {
        void chunk;
      }
    };
    assertRefused(await post('fastify', (app) => app.addHook('onRequest', read)), /let no hook read request\.raw/);
  });

  test('parsers of the application do not come near it', async () => {
    const parser = (_request, _body, done) => done(null, { parsed: true });
    const prepare = (app) => {
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('application/json', { parseAs: 'string' }, parser);
    };
    const { status, events } = await post('fastify', prepare);
    assert.deepEqual([status, events], [200, [BODY]]);
  });
});

describe('fastify with a stream of a hook\'s', () => {
  test('what the hook makes of the body is what is verified', async () => {
    const prepare = (app) => app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(new PassThrough()));
    const { status, events } = await post('fastify', prepare);
    assert.deepEqual([status, events], [200, [BODY]]);
  });

  test('one that is closed before its end is refused', async () => {
    const prepare = (app) =>
      app.addHook('preParsing', async () => {
        const stream = new PassThrough();
        stream.write('{');
        setTimeout(() => stream.destroy(), 20);
        return stream;
      });
    const { status, events, errors } = await post('fastify', prepare);
    assert.deepEqual([status, events, errors[0].code], [401, [], 'aborted']);
  });

  test('one of strings is the receiver\'s to mend', async () => {
    const prepare = (app) => app.addHook('preParsing', async (_request, _reply, payload) => payload.setEncoding('utf8'));
    const { status, events, errors } = await post('fastify', prepare);
    assert.deepEqual([status, events, errors[0].name], [500, [], 'TypeError']);
  });
});

describe('hono', () => {
  const reading = (method) => (app) =>
    app.use(async (c, next) => {
      await c.req[method]();
      await next();
    });

  test('a body that was read as JSON or text is refused, since Hono would make up its bytes', async () => {
    for (const method of ['json', 'text']) {
      assertRefused(await post('hono', reading(method)), /use this before what reads it, or read it with c\.req\.arrayBuffer\(\)/);
    }
  });

  test('a body that was read as bytes is taken as it was', async () => {
    for (const method of ['arrayBuffer', 'bytes']) {
      const { status, events } = await post('hono', reading(method));
      assert.deepEqual([status, events], [200, [BODY]]);
    }
  });

  test('a request whose body was read past Hono is refused', async () => {
    const prepare = (app) =>
      app.use(async (c, next) => {
        await c.req.raw.text();
        await next();
      });
    assertRefused(await post('hono', prepare), /use this before what reads it/);
  });
});

describe('fetch', () => {
  const before = (use) => (webhook) => async (request) => {
    await use(request);
    return webhook(request);
  };

  test('a request that was read is refused, with what to do about it', async () => {
    assertRefused(await post('fetch', before((request) => request.json())), /hand over the request unread, or a clone\(\) from before/);
  });

  test('one whose clone was read is taken', async () => {
    const { status, events } = await post('fetch', before((request) => request.clone().json()));
    assert.deepEqual([status, events], [200, [BODY]]);
  });
});
