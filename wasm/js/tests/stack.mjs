// Canonicalises a short text ever further from the end of the stack, in steps of many sizes, and prints what is thrown
// and why, each once. For canonical.test.mjs: a process of its own, in which nothing is compiled into fewer frames yet.

import { canonical } from './package.mjs';

const thrown = new Set();
for (let size = 0; size < 60; size += 1) {
  let successes = 0;
  const dive = (...ballast) => {
    try {
      dive(...ballast);
    } catch {
      // The end of the stack: from here on, back.
    }
    if (successes < 3) {
      try {
        canonical.canonicalize('[1.0]');
        successes += 1;
      } catch (error) {
        thrown.add(`${error.name} ${error instanceof RangeError} ${error.cause?.name ?? 'no cause'}`);
      }
    }
  };
  dive(...Array(size).fill(0));
}
process.stdout.write([...thrown].sort().join('\n'));
