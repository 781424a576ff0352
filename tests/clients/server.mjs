// The real server for tests in Node: the binary that SIGPOST_BIN names, on a free port, in a folder of its own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Starts the server with this configuration, gives `use` its address and its folder, and stops it. */
export async function withServer(config, use) {
  const binary = process.env.SIGPOST_BIN;
  assert.ok(binary, 'SIGPOST_BIN names no binary: `cargo build --bin sigpost`, then export SIGPOST_BIN="$PWD/target/debug/sigpost"');
  const folder = await mkdtemp(join(tmpdir(), 'sigpost-clients-'));
  await writeFile(join(folder, 'sigpost.toml'), config);
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('SIGPOST_'));
  const args = ['serve', '--listen', '127.0.0.1:0', '--config', 'sigpost.toml', '--data', 'data'];
  const child = spawn(binary, args, { cwd: folder, env: Object.fromEntries(environment), stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    assert.ok(value, `the server ended: ${log}`);
    await use(JSON.parse(value).listening, folder);
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const impatient = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await once(child, 'exit');
      clearTimeout(impatient);
    }
    await rm(folder, { recursive: true, force: true });
  }
}

/** A receiver that answers each request with `answer` (a status, a body, headers), and keeps what it got. */
export async function withReceiver(answer, use) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    const { status, body = '', headers = {} } = answer(requests.length);
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${server.address().port}`, requests);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Asks again until the answer is there. */
export async function until(what, ask) {
  for (const deadline = Date.now() + 20_000; ; ) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < deadline, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Publishes one event as a CloudEvent. */
export async function publish(base, token, event) {
  const response = await fetch(`${base}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ specversion: '1.0', source: '/clients', ...event }),
  });
  assert.equal(response.status, 202, await response.clone().text());
}
