// Next.js with a handler in its edge runtime, and one beside it in Node, made by either of its bundlers.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { TIMEOUT, body, expected, forged, genuine, here, project, run } from './project.mjs';

const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };

const CONFIG = `export default { turbopack: { root: ${JSON.stringify(here)} }, outputFileTracingRoot: ${JSON.stringify(here)} };`;

/** A handler as the `app` folder has them, and as the `pages` folder has them at the edge. */
const route = (runtime) => `
  import { outcome } from '../../outcome.mjs';
  export const runtime = '${runtime}';
  export const POST = async (request) => Response.json(outcome(request.headers, await request.arrayBuffer()));`;
const page = `
  import { outcome } from '../../outcome.mjs';
  export const config = { runtime: 'edge' };
  export default async (request) => Response.json(outcome(request.headers, await request.arrayBuffer()));`;
const nodePage = `
  import { outcome } from '../../outcome.mjs';
  export const config = { api: { bodyParser: false } };
  export default async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.json(outcome(request.headers, Buffer.concat(chunks)));
  };`;

/** Starts what was built, to the end of the test. Returns where it listens. */
async function start(test, root) {
  const options = { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] };
  const child = spawn(process.execPath, [next, 'start', '-p', '0', '-H', '127.0.0.1'], options);
  const exited = once(child, 'exit');
  test.after(async () => {
    child.kill();
    await exited;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = line.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
    if (url) {
      // What it says from here on nobody reads, and none of it may wait for that.
      child.stdout.resume();
      return url;
    }
  }
  throw new Error('`next start` ended and named no address');
}

/** Builds an application with these files and asks both of its handlers. */
async function verifies(test, files, flags) {
  // Below the folder of the tools, since Next.js and React must be found from the application.
  const root = await project(test, { 'next.config.mjs': CONFIG, ...files }, here);
  await run(process.execPath, [next, 'build', ...flags], { cwd: root, env });
  const url = await start(test, root);
  const post = async (path, headers) => (await fetch(`${url}${path}`, { method: 'POST', headers, body })).json();
  for (const path of ['/api/edge', '/api/node']) {
    const answers = { genuine: await post(path, genuine), forged: await post(path, forged) };
    assert.deepEqual(answers, expected, path);
  }
}

test('Next.js with Turbopack verifies requests at the edge and in Node', { timeout: TIMEOUT }, (test) => {
  const outside = (text) => text.replace('../../', '../../../');
  const files = { 'app/api/edge/route.js': outside(route('edge')), 'app/api/node/route.js': outside(route('nodejs')) };
  return verifies(test, files, []);
});

// Handlers in `app` this version's webpack does not build for the edge, whatever they import.
test('Next.js with webpack verifies requests at the edge and in Node', { timeout: TIMEOUT }, (test) =>
  verifies(test, { 'pages/api/edge.js': page, 'pages/api/node.js': nodePage }, ['--webpack']));
