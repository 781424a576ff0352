// Next.js with a handler in its edge runtime, and one beside it in Node, made by either of its bundlers.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { build, start } from './next.mjs';
import { TIMEOUT, body, expected, forged, genuine } from './project.mjs';

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

/** Builds an application with these files and asks both of its handlers. */
async function verifies(test, files, flags) {
  const url = await start(test, await build(test, files, flags));
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
