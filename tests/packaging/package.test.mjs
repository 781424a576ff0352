// What is packed: its types, to TypeScript new and old, by every way in which that finds packages; its description, to
// judges of packages; and what it must not hold.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

import { ascii } from '../../wasm/js/ascii.mjs';
import { TIMEOUT, filesBelow, folder, here, project, run, tarball } from './project.mjs';

const require = createRequire(import.meta.url);

/** Uses that are right but for those that are announced as wrong. */
const USE = `
  import { VerificationError, Verifier, canonicalize, schemes, type Verified } from 'sigpost';
  import { canonicalize as alone } from 'sigpost/canonical';
  import { verify } from 'sigpost/verify';

  const verifier: Verifier = new Verifier('immuta', ['new', 'old'], { body: 'canonical' });
  const verified: Verified<{ text: string }> = verifier.verify<{ text: string }>({ a: ['b'] }, new Uint8Array());
  export const text: string = verified.event.text + canonicalize('1') + alone('1') + schemes.qlik.header;
  export const code = (error: unknown): string => (error instanceof VerificationError ? error.code : '');
  export const id: string | undefined = verify('svix', 'whsec_', [['a', 'b']], '').id;
  const { event } = verify('qlik', 'secret', {}, '');
  export const narrowed: string = event.type === 'com.qlik.v1.app.reload.finished' ? event.data.status : event.type;
  // @ts-expect-error no such type of event
  event.type === 'com.qlik.app.craeted';
  // @ts-expect-error no such scheme
  verify('swix', 'secret', {}, '');
  // @ts-expect-error a parsed body
  verifier.verify({}, { text: '' });
  // @ts-expect-error no such member
  verified.event.txt;
  // @ts-expect-error not in this entry
  verify('immuta', 'secret', {}, '', { body: 'canonical' });
`;
const SLIM = `
  import { VerificationError, init, initSync, verify } from 'sigpost/slim';
  import { VerificationError as Same, type Verified } from 'sigpost';
  import module from 'sigpost/verify.wasm';

  initSync({ verify: module });
  export const same: typeof Same = VerificationError;
  export const ready: Promise<void> = init({ verify: fetch('/verify.wasm'), canonical: new URL('https://a.test/canonical.wasm') });
  initSync({ verify: new Uint8Array() });
  export const verified: Verified<unknown> = verify('qlik', 'secret', new Headers(), '{}');
  // @ts-expect-error no such module
  void init({ verifier: '/verify.wasm' });
  // @ts-expect-error what takes time
  initSync({ verify: '/verify.wasm' });
`;
const REQUIRE = `
  import sigpost = require('sigpost');
  import canonical = require('sigpost/canonical');

  export const header: string = sigpost.schemes.immuta.header + canonical.canonicalize('1');
  // @ts-expect-error no such scheme
  new sigpost.Verifier('imuta', 'secret');
`;

/** The strictest: nothing that is not asked for, and the declarations of the package are checked, too. */
const STRICT = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, target: 'es2022', types: [] };

/** How packages are looked for, and the files for which that is so. */
const WAYS = {
  'node16, as a module': { module: 'node16', files: ['use.mts', 'slim.mts'] },
  'node16, as CommonJS': { module: 'node16', files: ['use.cts', 'require.cts'] },
  nodenext: { module: 'nodenext', files: ['use.mts', 'slim.mts', 'require.cts'] },
  bundler: { module: 'esnext', moduleResolution: 'bundler', files: ['use.ts', 'slim.ts'] },
};

for (const compiler of ['typescript', 'typescript-5.7']) {
  const { version } = require(`${compiler}/package.json`);
  test(`TypeScript ${version} finds the types, however it looks for them, and misuse is an error`, { timeout: TIMEOUT }, async (test) => {
    const root = await project(test, {
      ...Object.fromEntries(['use.mts', 'use.cts', 'use.ts'].map((name) => [name, USE])),
      ...Object.fromEntries(['slim.mts', 'slim.ts'].map((name) => [name, SLIM])),
      'require.cts': REQUIRE,
    });
    const tsc = join(require.resolve(`${compiler}/package.json`), '../bin/tsc');
    for (const [way, { files, ...how }] of Object.entries(WAYS)) {
      // Only who fetches modules needs the types of a browser, or of another runtime that has fetch.
      const lib = files.some((file) => file.startsWith('slim')) ? ['es2022', 'dom', 'dom.iterable'] : ['es2022'];
      const compilerOptions = { ...STRICT, ...how, lib };
      await writeFile(join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
      await run(process.execPath, [tsc, '-p', root]).catch((error) => {
        throw new Error(`${way}: ${error.message}`);
      });
    }
  });
}

test('no way to find the types leads to those of another file', { timeout: TIMEOUT }, async () => {
  const data = new Uint8Array(await readFile(await tarball()));
  // A module is imported or found by its path: nothing requires it.
  const options = { excludeEntrypoints: [/\.wasm$/] };
  const { problems, entrypoints } = await checkPackage(createPackageFromTarballData(data), options);
  assert.ok(Object.keys(entrypoints).length >= 4);
  // Of before 2022, which knows no `exports`: it finds the main entry only.
  assert.deepEqual(problems.filter(({ resolutionKind }) => resolutionKind !== 'node10'), []);
});

test('publint has nothing to say of the package', { timeout: TIMEOUT }, async () => {
  const { messages, pkg } = await publint({ pkgDir: folder(), strict: true, pack: 'npm' });
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg)), []);
});

test('nothing that is packed names a place of the machine that made it', { timeout: TIMEOUT }, async (test) => {
  const installed = join(await project(test), 'node_modules/sigpost');
  const files = await filesBelow(installed);
  assert.ok(files.some((file) => file.endsWith('.wasm')));
  const workspace = fileURLToPath(new URL('../..', import.meta.url));
  const places = /[/\\](root|home|Users)[/\\]|\.cargo|\.rustup|registry\/src/;
  for (const file of files) {
    const held = await readFile(file, 'latin1');
    const named = [held.includes(workspace) && workspace, held.match(places)?.[0]];
    assert.deepEqual(named.filter(Boolean), [], file.slice(installed.length));
  }
  // What is inline is one of the modules that are files, too, as a text broken into lines.
  const inline = Object.entries({ verify: 'core', sha512: 'sha512', canonical: 'json', explain: 'explain' });
  for (const [module, file] of inline) {
    const text = ascii(await readFile(join(installed, `${module}.wasm`)));
    for (const extension of ['js', 'cjs']) {
      const held = await readFile(join(installed, `${file}.${extension}`), 'utf8');
      assert.ok(held.replaceAll('\\\n', '').includes(text), `${file}.${extension} holds another module`);
    }
  }
});

test('the page names the versions that are tested here', { timeout: TIMEOUT }, async () => {
  const readme = await readFile(join(folder(), 'README.md'), 'utf8');
  const { packages } = JSON.parse(await readFile(join(here, 'package-lock.json'), 'utf8'));
  const rows = [...readme.matchAll(/^\| .* \| `([\w-]+)` ([\d.]+)(?:, ([\d.]+))? \| .* \|$/gm)];
  assert.ok(rows.length >= 9, `${rows.length} rows`);
  for (const [, name, current, oldest] of rows) {
    const tested = packages[`node_modules/${name}`].version;
    assert.ok(tested.startsWith(`${current}.`), `${name} is ${tested}`);
    assert.ok(oldest === undefined || packages[`node_modules/${name}-${oldest}`].version.startsWith(`${oldest}.`), name);
  }
});
