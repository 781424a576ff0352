// Makes verifiers and forgets them; prints by how many bytes the module's memory grew. For memory.test.mjs.

import { setImmediate as turn } from 'node:timers/promises';

import { sigpost, verifying } from './package.mjs';

const { Verifier } = sigpost;
const size = () => verifying().exports.memory.buffer.byteLength;

const before = size();
for (let round = 0; round < 50; round += 1) {
  for (let index = 0; index < 1000; index += 1) {
    new Verifier('immuta', 'secret');
  }
  globalThis.gc();
  await turn();
  await turn();
}
process.stdout.write(String(size() - before));
