// The types of the adapters against those of the frameworks: what fits compiles, what does not is an error.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createProject } from './project.mjs';

const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', import.meta.url));
let project;

before(async () => {
  project = await createProject();
});
after(() => project.remove());

/** What the compiler has to say about a file, as strictly as it can. */
async function check(code, settings = {}) {
  const compilerOptions = {
    strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true,
    target: 'es2022', module: 'node16', lib: ['ES2022', 'DOM', 'DOM.Iterable', 'ESNext.Disposable'], types: ['node'], ...settings,
  };
  await writeFile(join(project.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.mts'] }));
  await writeFile(join(project.folder, 'use.mts'), code);
  const ran = await promisify(execFile)(process.execPath, [tsc, '-p', project.folder]).catch((error) => error);
  return ran.stdout.trim();
}

const START = `
  import { Verifier, type Verified } from 'sigpost';
  import { memoryStore, type Store } from 'sigpost/dedupe';
  const verifier = new Verifier('standard-webhooks', 'secret');
  const store: Store = memoryStore({ ttl: 60 });
  interface Paid { readonly amount: number }
`;

for (const [version, name] of [['4', 'express4'], ['5', 'express']]) {
  test(`in Express ${version} the handler takes the framework's own request and response`, async () => {
    assert.equal(await check(`${START}
      import express from '${name}';
      import type { Request, Response } from '${name}';
      import { webhook } from 'sigpost/express';
      const app = express();
      app.post('/a', webhook(verifier, async ({ event, id }) => { const unknown: unknown = event; const text: string | undefined = id; }, { store }));
      app.post('/b', webhook(verifier, (verified, request: Request, response: Response) => response.status(202).send(request.ip)));
      app.post('/c', webhook<Verified<Paid>, Request, Response>(verifier, ({ event }) => { const amount: number = event.amount; }));
      app.use('/d', webhook(verifier, (_verified, request: Request) => {}, { onError: (error, request) => console.warn(error, request.ip) }));
    `), '');
  });
}

test('in Fastify the handler takes the framework\'s own request and reply', async () => {
  assert.equal(await check(`${START}
    import fastify from 'fastify';
    import type { FastifyReply, FastifyRequest } from 'fastify';
    import { webhook } from 'sigpost/fastify';
    const app = fastify();
    app.register(webhook(verifier, async ({ event }) => {}, { store }), { prefix: '/a' });
    app.register(webhook(verifier, (verified, request: FastifyRequest, reply: FastifyReply) => { request.log.info(verified.id); reply.code(202); }));
    app.register(webhook<Verified<Paid>>(verifier, ({ event }) => ({ amount: event.amount })));
  `), '');
});

test('in Hono the handler takes the framework\'s own context', async () => {
  assert.equal(await check(`${START}
    import { Hono } from 'hono';
    import type { Context } from 'hono';
    import { webhook } from 'sigpost/hono';
    const app = new Hono<{ Variables: { user: string } }>();
    app.post('/a', webhook(verifier, async ({ event }) => {}, { store }));
    app.post('/b', webhook(verifier, (_verified, c: Context<{ Variables: { user: string } }>) => c.json({ user: c.get('user') })));
    app.post('/c', webhook<Verified<Paid>, Context>(verifier, async ({ event }, c) => c.text(String(event.amount))));
  `), '');
});

test('fetch-style handlers get what their platform hands over', async () => {
  assert.equal(await check(`${START}
    import { webhook } from 'sigpost/fetch';
    export const POST: (request: Request) => Promise<Response> = webhook(verifier, async ({ event }) => {}, { store });
    export default {
      fetch: webhook(verifier, ({ id }, request, env: { NAME: string }, context: { waitUntil(promise: Promise<unknown>): void }) => {
        context.waitUntil(Promise.resolve());
        return new Response(env.NAME + id + request.url);
      }),
    };
    webhook<Verified<Paid>>(verifier, ({ event }) => Response.json(event.amount));
  `), '');
});

test('the types hold for bundlers too, and without those of any framework or of Node', async () => {
  const settings = { module: 'esnext', moduleResolution: 'bundler', types: [] };
  const entries = ['express', 'fastify', 'hono', 'fetch'].map((name) => `export { webhook as ${name} } from 'sigpost/${name}';`);
  assert.equal(await check(START + entries.join('\n'), settings), '');
});

test('misuse is an error', async () => {
  const errors = await check(`${START}
    import { webhook } from 'sigpost/express';
    import { webhook as web } from 'sigpost/fetch';
    webhook(verifier, () => {}, { stroe: store });
    webhook('secret', () => {});
    webhook(verifier);
    web(verifier, () => 'text');
    webhook(verifier, () => {}, { store: new Map() });
    memoryStore({ tll: 1 });
  `);
  const lines = errors.split('\n').flatMap((line) => line.match(/use\.mts\((\d+)/)?.[1] ?? []).map(Number);
  const first = START.split('\n').length + 3;
  assert.deepEqual([...new Set(lines)], [0, 1, 2, 3, 4, 5].map((line) => first + line), errors);
});
