// The package as it is where the host has no synchronous crypto, as in browsers, beside the one of `package.mjs`; and how
// often that one asks the host.

import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { folder, sigpost } from './package.mjs';

const { getBuiltinModule } = process;
const require = createRequire(import.meta.url);
for (const file of Object.keys(require.cache)) {
  delete require.cache[file];
}
process.getBuiltinModule = undefined;
export const alone = require(join(folder, 'index.cjs'));
process.getBuiltinModule = getBuiltinModule;

export const hosted = sigpost;

/** How many tags the host computes while `use` runs. */
export function counted(use) {
  const { createHmac } = crypto;
  let count = 0;
  crypto.createHmac = (...args) => {
    count += 1;
    return createHmac(...args);
  };
  try {
    use();
  } finally {
    crypto.createHmac = createHmac;
  }
  return count;
}
