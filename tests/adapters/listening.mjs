// Programs that listen on a port they are told.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** A port that nobody listens on at present. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** What `use` returns, once somebody listens where it connects to; ten seconds at most. */
export async function untilItListens(use) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await use();
    } catch (error) {
      if (error.code !== 'ECONNREFUSED' || attempt === 400) {
        throw error;
      }
      await setTimeout(25);
    }
  }
}
