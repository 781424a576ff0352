// The built package, as the tests see it: by the folder that `cargo xtask npm` prints.

import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const folder = resolve(process.env.SIGPOST_NPM ?? fileURLToPath(new URL('../dist', import.meta.url)));

// Every instance that is made from here on, so that tests can look into its memory.
export const instances = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(module, ...rest) {
    super(module, ...rest);
    instances.push(Object.assign(this, { module }));
  }
};

const file = (name) => pathToFileURL(join(folder, name)).href;
export const sigpost = await import(file('index.js'));
export const slim = await import(file('verify.js'));
export const canonical = await import(file('canonical.js'));

const before = instances.length;
export const required = createRequire(import.meta.url)(join(folder, 'index.cjs'));
// The files for `require` have instances of their own.
instances.splice(before);

// Of the two that compute tags, the one that all entries share is compiled first; the other is for SHA-512 alone.
const { module: shared } = instances.find(({ exports }) => 'judge' in exports);

/** The instance of the verifying module that `sigpost` and `slim` use: the one that was made last. */
export const verifying = () => instances.findLast(({ module }) => module === shared);

/** The instance of the canonicaliser that `sigpost` and `canonical` use: the one that was made last. */
export const canonicalizing = () => instances.findLast(({ exports }) => 'canonicalize' in exports);

/** The instance of the explainer: the one that was made last, by the first explanation or after a trap. */
export const explaining = () => instances.findLast(({ exports }) => 'explain' in exports);

/** The vectors of `tests/vectors/NAME`. */
export async function vectors(name) {
  const place = fileURLToPath(new URL(`../../../tests/vectors/${name}/`, import.meta.url));
  const files = (await readdir(place)).filter((file) => file.endsWith('.json'));
  return Promise.all(files.map(async (file) => ({ file, ...JSON.parse(await readFile(join(place, file), 'utf8')) })));
}

/** Runs `use`, which must throw a VerificationError, and returns its code. */
export function codeOf(use) {
  try {
    use();
  } catch (error) {
    if (error?.name !== 'VerificationError' || typeof error.code !== 'string') {
      throw error;
    }
    return error.code;
  }
  throw new Error('nothing was thrown');
}
