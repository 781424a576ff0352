// The runtimes beside Node. Their programs come as packages: what cannot be installed is an error of `npm ci`.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import { TIMEOUT, body, expected, forged, genuine, project, report, required, run } from './project.mjs';
import { bundled, serve } from './workerd.mjs';

const require = createRequire(import.meta.url);
const deno = require.resolve('deno/bin.cjs');

const MAIN = `import { outcome } from './outcome.mjs';\nconsole.log(JSON.stringify${report});\n`;
const REQUIRED = `const { outcome } = require('./outcome.cjs');\nconsole.log(JSON.stringify${report});\n`;

/** As the handler of a worker has it: the headers and bytes of a request that came. */
const WORKER = `
  import { outcome } from './outcome.mjs';
  export default {
    async fetch(request) {
      return Response.json(outcome(request.headers, await request.arrayBuffer()));
    },
  };`;

/** What a worker answers, over the network, to a genuine request and to a forged one. */
async function asked(url) {
  const post = async (headers) => (await fetch(url, { method: 'POST', headers, body })).json();
  return { genuine: await post(genuine), forged: await post(forged) };
}

// Before June 2025 no bytes are compiled, and before May 2025 there is no FinalizationRegistry.
for (const date of ['2023-09-01', '2024-09-01', '2026-10-01']) {
  test(`workerd of ${date} verifies requests`, { timeout: TIMEOUT }, async (test) => {
    const root = await project(test, { 'worker.mjs': WORKER });
    const url = await serve(test, await bundled(root, ['workerd', 'worker', 'browser']), date);
    assert.deepEqual(await asked(url), expected);
  });
}

test('workerd with the crypto of Node verifies requests by it', { timeout: TIMEOUT }, async (test) => {
  const root = await project(test, {
    'worker.mjs': `
      import './counting.mjs';
      import { verify } from 'sigpost/verify';
      export default {
        async fetch(request) {
          const body = await request.arrayBuffer();
          const hashed = globalThis.hashed;
          try {
            const { event } = verify('github', 'secret', request.headers, body);
            return Response.json({ same: JSON.stringify(event) === new TextDecoder().decode(body), asked: globalThis.hashed > hashed });
          } catch (error) {
            return Response.json({ code: error.code, asked: globalThis.hashed > hashed });
          }
        },
      };`,
    // Before the package is loaded, which looks for it then.
    'counting.mjs': `
      import crypto from 'node:crypto';
      globalThis.hashed = 0;
      const counting = (make) => make && { value: (...given) => { globalThis.hashed += 1; return make(...given); } };
      const members = { hash: counting(crypto.hash), createHmac: counting(crypto.createHmac) };
      const counted = Object.create(crypto, Object.fromEntries(Object.entries(members).filter(([, member]) => member)));
      process.getBuiltinModule = () => counted;`,
  });
  const url = await serve(test, await bundled(root, ['workerd', 'worker', 'browser']), '2026-10-01', ['nodejs_compat']);
  for (const size of [3000, 10_000, 50_000]) {
    const body = JSON.stringify({ text: '\u00e9'.repeat(size) });
    const tag = createHmac('sha256', 'secret').update(body).digest('hex');
    const ask = async (tag) => (await fetch(url, { method: 'POST', headers: { 'x-hub-signature-256': `sha256=${tag}` }, body })).json();
    assert.deepEqual(await ask(tag), { same: true, asked: true });
    assert.deepEqual(await ask(tag.replace(/^./, (first) => (first === '0' ? '1' : '0'))), { code: 'mismatch', asked: true });
  }
});

test('workerd verifies requests with bytes inline where its date allows it, and says else what to do', { timeout: TIMEOUT }, async (test) => {
  const root = await project(test, { 'worker.mjs': WORKER.replace('./outcome.mjs', './lazy.mjs'), 'lazy.mjs': `
    import { canonicalize } from 'sigpost';
    export function outcome(headers, body) {
      try { return canonicalize(body); } catch (error) { return error.message; }
    }` });
  const bundle = await bundled(root, ['worker']);
  const answers = [];
  for (const date of ['2024-09-01', '2026-10-01']) {
    answers.push((await asked(await serve(test, bundle, date))).genuine);
  }
  assert.match(answers[0], /^WebAssembly cannot be compiled here.*an edge runtime the condition workerd or /);
  assert.equal(answers[1], expected.genuine.canonical);
});

test('Deno needs no permission', { timeout: TIMEOUT }, async (test) => {
  const root = await project(test, { 'main.mjs': MAIN });
  // Its own cache is all it writes; whatever it would ask for is an error.
  const env = { PATH: process.env.PATH, DENO_DIR: join(root, '.deno'), DENO_NO_UPDATE_CHECK: '1' };
  const said = await run(process.execPath, [deno, 'run', '--no-prompt', '--no-remote', 'main.mjs'], { cwd: root, env });
  assert.deepEqual(JSON.parse(said), expected);
});

test('Bun imports and requires the package', { timeout: TIMEOUT }, async (test) => {
  const root = await project(test, { 'main.mjs': MAIN, 'outcome.cjs': await required(), 'main.cjs': REQUIRED });
  const bun = join(require.resolve(`@oven/bun-${process.platform}-${process.arch.replace('arm64', 'aarch64')}/package.json`), '../bin/bun');
  for (const file of ['main.mjs', 'main.cjs']) {
    assert.deepEqual(JSON.parse(await run(bun, ['run', file], { cwd: root })), expected, file);
  }
});
