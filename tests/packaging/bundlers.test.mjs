// The bundlers again: what they make for Node, and what they leave out.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { ascii } from '../../wasm/js/ascii.mjs';
import { bundlers } from './bundlers.mjs';
import { TIMEOUT, expected, filesBelow, folder, project, report, run } from './project.mjs';

const MAIN = `import { outcome } from './outcome.mjs';\nconsole.log(JSON.stringify${report});\n`;

/** Bundles the text of a script. Returns the one file that is made. */
async function bundled(bundle, root, name, text, node) {
  const entry = join(root, `${name}.mjs`);
  await writeFile(entry, text);
  const out = join(root, `out-${name}`);
  await bundle({ root, entry, out, node });
  const files = await filesBelow(out);
  assert.equal(files.length, 1, `one file and nothing beside it: ${files}`);
  return files[0];
}

/** A piece of the text of each module, in no other, by which it is found in a bundle: one that no string has to escape. */
async function marks() {
  const names = ['verify', 'sha512', 'canonical', 'explain'];
  const texts = await Promise.all(names.map(async (name) => ascii(await readFile(join(folder(), `${name}.wasm`)))));
  return names.map((name, index) => {
    const others = texts.filter((_, other) => other !== index);
    const pieces = texts[index].match(/[^'"`$<\\]{30}/g);
    return [name, pieces.find((piece) => others.every((text) => !text.includes(piece)))];
  });
}

/** What is imported, and the modules that it needs. */
const NEEDS = {
  "export { canonicalize } from 'sigpost';": ['canonical'],
  "export { standardSecret } from 'sigpost';": ['verify'],
  "export { verify } from 'sigpost/verify';": ['verify'],
  "export { Verifier } from 'sigpost';": ['verify', 'sha512', 'canonical'],
  "export { explain } from 'sigpost';": ['verify', 'explain'],
  "export { VerificationError, schemes } from 'sigpost';": [],
  "export * from 'sigpost/slim';": [],
};

for (const [name, bundle] of Object.entries(bundlers)) {
  test(`what ${name} makes for Node, with the package inside, verifies requests`, { timeout: TIMEOUT }, async (test) => {
    const root = await project(test);
    const file = await bundled(bundle, root, 'main', MAIN, true);
    // Where no package is to be found.
    const cwd = join(root, 'out-main');
    await run('rm', ['-r', join(root, 'node_modules')]);
    assert.deepEqual(JSON.parse(await run(process.execPath, [file], { cwd })), expected);
  });

  test(`${name} leaves out the modules that are not used`, { timeout: TIMEOUT }, async (test) => {
    const root = await project(test);
    const pieces = await marks();
    for (const [index, [text, needed]] of Object.entries(NEEDS).entries()) {
      const file = await bundled(bundle, root, `use${index}`, text, true);
      // The files of the package break their lines in the middle of the text.
      const made = (await readFile(file, 'utf8')).replaceAll('\\\n', '');
      const held = pieces.filter(([, piece]) => made.includes(piece)).map(([module]) => module);
      assert.deepEqual(held, needed, text);
    }
  });
}
