// The package's adapters in the real frameworks, each listening on a port of its own.

import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { serve as serveFetch } from '@hono/node-server';
import fastify from 'fastify';
import { Hono } from 'hono';

export const folder = resolve(process.env.SIGPOST_NPM ?? fileURLToPath(new URL('../../wasm/js/dist', import.meta.url)));

const load = (name) => import(pathToFileURL(join(folder, name)).href);
const require = createRequire(import.meta.url);

export const { Verifier, sign } = await load('index.js');
export const { memoryStore } = await load('dedupe.js');
const adapters = Object.fromEntries(
  await Promise.all(
    ['express', 'fastify', 'hono', 'fetch'].map(async (name) => [name, (await load(`${name}.js`)).webhook]),
  ),
);

const expressOf = (name) => ({
  webhook: adapters.express,
  /** Listens with the webhook at `/hooks`, and with what `prepare` does to the application before. */
  async listen(webhook, prepare = () => {}) {
    const express = require(name);
    const app = express();
    prepare(app, express);
    app.post('/hooks', webhook);
    app.post('/json', express.json(), (request, response) => void response.json(request.body));
    // As short as Express's own, which would also print.
    app.use((error, _request, response, _next) => void response.status(500).end(`framework: ${error.message}`));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return served(server);
  },
});

const served = (server) => ({
  port: server.address().port,
  async close() {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  },
});

async function listenFetch(handle) {
  const server = serveFetch({ fetch: handle, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false });
  await once(server, 'listening');
  return served(server);
}

/** By name: the adapter, and what listens with a webhook at `/hooks`. */
export const frameworks = {
  'express 4': expressOf('express4'),
  'express 5': expressOf('express'),
  fastify: {
    webhook: adapters.fastify,
    async listen(webhook, prepare = () => {}) {
      const app = fastify();
      prepare(app);
      app.register(webhook, { prefix: '/hooks' });
      app.post('/json', async ({ body }) => body);
      app.setErrorHandler((error, _request, reply) => reply.code(error.statusCode ?? 500).send(`framework: ${error.message}`));
      await app.listen({ port: 0, host: '127.0.0.1' });
      return served(app.server);
    },
  },
  hono: {
    webhook: adapters.hono,
    async listen(webhook, prepare = () => {}) {
      const app = new Hono();
      prepare(app);
      app.post('/hooks', webhook);
      app.post('/json', async (c) => c.json(await c.req.json()));
      app.onError((error, c) => c.text(`framework: ${error.message}`, 500));
      return listenFetch(app.fetch);
    },
  },
  fetch: {
    webhook: adapters.fetch,
    async listen(webhook, prepare = (handle) => handle) {
      const handle = prepare(webhook);
      return listenFetch(async (request) => {
        try {
          return await (new URL(request.url).pathname === '/json' ? Response.json(await request.json()) : handle(request));
        } catch (error) {
          return new Response(`framework: ${error.message}`, { status: 500 });
        }
      });
    },
  },
};

/**
 * Sends a request byte by byte as told and returns the whole answer. `headers` is a list of pairs or an object; without
 * `body` nothing follows the headers, not even an end.
 */
export async function exchange(port, { headers = {}, body, path = '/hooks', announce = true }) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  const lines = pairs.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = body !== undefined && announce ? `content-length: ${Buffer.byteLength(body)}\r\n` : '';
  socket.write(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines}${length}\r\n`);
  if (body !== undefined) {
    socket.write(body);
  }
  return answerOn(socket);
}

/** The first answer on a connection: status, headers without the date, body. */
export async function answerOn(socket) {
  let text = '';
  try {
    for await (const chunk of socket) {
      text += chunk.toString('latin1');
      const answer = parse(text);
      if (answer !== undefined) {
        return answer;
      }
    }
  } finally {
    socket.destroy();
  }
  throw new Error(`no whole answer: ${text}`);
}

function parse(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) {
    return undefined;
  }
  const [first, ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => line.split(/: ?/, 2)).map(([name, value]) => [name.toLowerCase(), value]),
  );
  delete headers.date;
  const rest = text.slice(end + 4);
  if (headers['transfer-encoding'] === 'chunked') {
    return rest.endsWith('0\r\n\r\n') ? { status: Number(first.split(' ')[1]), headers, body: unchunk(rest) } : undefined;
  }
  const body = rest.slice(0, Number(headers['content-length'] ?? 0));
  return body.length < Number(headers['content-length'] ?? 0) ? undefined : { status: Number(first.split(' ')[1]), headers, body };
}

const unchunk = (text) => text.replace(/([0-9a-f]+)\r\n([\s\S]*?)\r\n/g, '$2').trim();
