// A project of a user's in a folder of its own, with the package, the frameworks and their types at hand.

import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { folder as sigpost } from './frameworks.mjs';

const modules = fileURLToPath(new URL('node_modules', import.meta.url));

/** Its folder, and what removes it. */
export async function createProject() {
  const folder = await mkdtemp(join(tmpdir(), 'sigpost-adapters-'));
  const target = join(folder, 'node_modules');
  await mkdir(target);
  for (const name of await readdir(modules)) {
    if (!name.startsWith('.') && name !== 'sigpost') {
      await symlink(join(modules, name), join(target, name));
    }
  }
  await symlink(sigpost, join(target, 'sigpost'));
  await writeFile(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }');
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
