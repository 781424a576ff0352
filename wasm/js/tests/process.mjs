// Takes a secret from its standard input, uses it, disposes of it, wipes what it was given, and waits to be looked at. For
// memory.test.mjs: MODE SCHEME, and `keep` to dispose of nothing. Needs --expose-gc.

import { readSync } from 'node:fs';

import { alone, hosted } from './modes.mjs';

const [mode, scheme, keep] = process.argv.slice(2);
const { Verifier, sign } = { alone, hosted }[mode];

// Memory of its own: a short array without is moved by whoever collects garbage, and leaves copies behind.
const room = new Uint8Array(new ArrayBuffer(4096));
const length = readSync(0, room);
const secret = room.subarray(0, length);
const body = Buffer.from('x'.repeat(1000));
const headers = sign(scheme, secret, { body, id: 'i' });
const verifier = new Verifier(scheme, secret);
// What is young when it is collected is copied.
for (let round = 0; round < 2; round += 1) {
  verifier.verify(headers, body);
  globalThis.gc({ type: 'minor' });
}
verifier.verify(headers, body);
if (!keep) {
  verifier.dispose();
}
room.fill(0);
process.stdout.write('ready');
setInterval(() => {}, 1000);
