// The package as it is where the host has no synchronous crypto, as in browsers, beside the one of `package.mjs`; and how
// often that one asks the host.

import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { folder, sigpost } from './package.mjs';

const { getBuiltinModule } = process;
const require = createRequire(import.meta.url);

/** The package anew, where this is what the host's modules are found by. */
export function made(find) {
  for (const file of Object.keys(require.cache)) {
    delete require.cache[file];
  }
  process.getBuiltinModule = find;
  try {
    return require(join(folder, 'index.cjs'));
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
}

export const alone = made(undefined);
/** As it may be elsewhere: without a hash in one call. */
export const older = made((name) => Object.create(getBuiltinModule(name), { hash: { value: undefined } }));

export const hosted = sigpost;

/** How many tags the host computes while `use` runs. */
export function counted(use) {
  const { createHmac, hash } = crypto;
  let count = 0;
  crypto.createHmac = (...args) => {
    count += 1;
    return createHmac(...args);
  };
  // Two make an HMAC.
  crypto.hash = hash && ((...args) => {
    count += 0.5;
    return hash(...args);
  });
  try {
    use();
  } finally {
    Object.assign(crypto, { createHmac, hash });
  }
  return count;
}
