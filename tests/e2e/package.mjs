// The built npm package, imported as a user imports it: by its name, from a project that has it in `node_modules`.
// `npm install FOLDER` makes exactly this link.

import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Imports the package in `folder`, by default the one that `SIGPOST_NPM` names. */
export async function importPackage(folder = process.env.SIGPOST_NPM) {
  if (!folder) {
    throw new Error('SIGPOST_NPM is not set: run `cargo xtask test`, or set it to what `cargo xtask npm` prints');
  }
  const project = await mkdtemp(join(tmpdir(), 'sigpost-e2e-'));
  try {
    await mkdir(join(project, 'node_modules'));
    await symlink(resolve(folder), join(project, 'node_modules', 'sigpost'), 'dir');
    const entry = join(project, 'entry.mjs');
    await writeFile(entry, "export * from 'sigpost';\n");
    return await import(pathToFileURL(entry).href);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}
