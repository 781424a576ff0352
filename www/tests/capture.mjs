// A server that keeps what it is sent, byte for byte, and the programs that send it something.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Listens until `close`; `taken()` is what came since it was asked last. */
export async function capture() {
  let requests = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, rawHeaders } = request;
    const headers = Array.from({ length: rawHeaders.length / 2 }, (_, index) => rawHeaders.slice(2 * index, 2 * index + 2));
    requests.push({ method, url, headers, body: Buffer.concat(chunks) });
    response.writeHead(200, { connection: 'close' }).end('taken');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    port: server.address().port,
    taken: () => requests.splice(0),
    close: () => server.close(),
  };
}

/** Runs a program to its end, with these bytes as its input, and returns what it printed. */
export async function run(program, args, input = '') {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  const [printed, complaints] = [[], []];
  child.stdout.on('data', (chunk) => printed.push(chunk));
  child.stderr.on('data', (chunk) => complaints.push(chunk));
  // A program that ends early closes its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${Buffer.concat(complaints)}`);
  return Buffer.concat(printed);
}
