// The package as its users get it: packed, installed into a project of its own, imported and required from there.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import { folder } from './package.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const readme = await readFile(here('../../README.md'), 'utf8');
let project;

const run = (command, args, options = {}) =>
  execFileSync(command, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'sigpost-package-'));
  await writeFile(join(project, 'package.json'), '{ "name": "user", "private": true }');
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', project, folder]));
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(project, filename)]);
});

after(() => rm(project, { recursive: true, force: true }));

const CHECK = `
  const headers = sign('immuta', 's', { body: '{}' });
  new Verifier('immuta', 's').verify(headers, '{}');
  try { verify('immuta', 's', headers, '[]') } catch (error) { console.log(error instanceof VerificationError, error.code) }
`;

test('what was packed works by import and by require, whole and in parts', async () => {
  const names = '{ Verifier, verify, sign, VerificationError }';
  for (const entry of ['sigpost', 'sigpost/verify']) {
    await writeFile(join(project, 'a.mjs'), `import ${names} from '${entry}';${CHECK}`);
    await writeFile(join(project, 'a.cjs'), `const ${names} = require('${entry}');${CHECK}`);
    assert.equal(run(process.execPath, ['a.mjs']), 'true mismatch\n');
    assert.equal(run(process.execPath, ['a.cjs']), 'true mismatch\n');
  }
  await writeFile(join(project, 'b.mjs'), "import { canonicalize } from 'sigpost/canonical'; console.log(canonicalize('[1.0]'));");
  await writeFile(join(project, 'b.cjs'), "console.log(require('sigpost/canonical').canonicalize('[1.0]'));");
  assert.equal(run(process.execPath, ['b.mjs']) + run(process.execPath, ['b.cjs']), '[1]\n[1]\n');
});

test('the command line is there once the package is installed', () => {
  const { version } = JSON.parse(readFileSync(join(project, 'node_modules/sigpost/package.json'), 'utf8'));
  assert.equal(run(join(project, 'node_modules/.bin/sigpost'), ['--version']), `sigpost ${version}\n`);
});

test('the parts share what they have in common, export what they say, and nothing else can be imported', async () => {
  await writeFile(join(project, 'a.mjs'), `
    import * as all from 'sigpost'; import * as part from 'sigpost/verify'; import * as canonical from 'sigpost/canonical'; import * as explained from 'sigpost/explain';
    console.log(all.VerificationError === part.VerificationError, all.canonicalize === canonical.canonicalize, all.explain === explained.explain);
    for (const entry of [all, part, canonical, explained]) console.log(Object.keys(entry).sort().join());
    for (const file of ['core', 'json', 'full']) await import('sigpost/' + file).catch((error) => console.log(error.code));`);
  const names = ['VerificationError,Verifier,canonicalize,explain,schemes,sign,standardSecret,verify'];
  names.push('VerificationError,Verifier,schemes,sign,standardSecret,verify', 'canonicalize', 'VerificationError,explain');
  const hidden = Array(3).fill('ERR_PACKAGE_PATH_NOT_EXPORTED');
  assert.deepEqual(run(process.execPath, ['a.mjs']).trim().split('\n'), ['true true true', ...names, ...hidden]);
});

test('the package holds what it needs and no more', () => {
  const [{ files }] = JSON.parse(run('npm', ['pack', '--json', '--dry-run', folder]));
  const names = files.map(({ path }) => path).filter((path) => !/\.d\.c?ts$/.test(path));
  const withModule = ['index', 'verify', 'canonical', 'explain', 'full', 'core', 'json', 'sha512'];
  const adapters = ['express', 'fastify', 'hono', 'fetch', 'dedupe'];
  const without = ['slim', 'error', 'scheme', 'digits', 'inputs', 'bytes', ...adapters];
  const code = [...withModule, ...without].flatMap((name) => [`${name}.js`, `${name}.cjs`]);
  const variants = ['workerd', 'edge'].flatMap((folder) => withModule.map((name) => `${folder}/${name}.js`));
  const modules = ['verify.wasm', 'sha512.wasm', 'canonical.wasm', 'explain.wasm'];
  const texts = ['cli.js', 'LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'package.json'];
  assert.deepEqual(names.sort(), [...code, ...variants, ...modules, ...texts].sort());
});

test('the types hold where they are used, and misuse is an error', async () => {
  await writeFile(join(project, 'use.mts'), `
    import { Verifier, canonicalize, schemes, type PresetName, type Verified } from 'sigpost';
    import { Verifier as Slim } from 'sigpost/verify';
    const name: PresetName = 'immuta';
    const verified: Verified<{ text: string }> = new Verifier(name, ['a'], { body: 'canonical' }).verify<{ text: string }>(new Headers(), new Uint8Array());
    export const text: string = verified.event.text + canonicalize('1') + schemes.qlik.header + (verified.id ?? '');
    new Verifier({ name: 'x', header: 'x-sig', signed: ['body'] }, 's', { tolerance: null }).verify({ a: ['b'], c: undefined }, '');
    new Verifier({ name: 'x', header: 'x-sig', algorithm: 'hmac-sha512', encoding: 'base64url', separator: ',', prefix: 'v1=', timestampPrefix: 't=', signed: ['timestamp', { text: '.' }, 'body'], key: 'base64' }, 's');
    // @ts-expect-error no such separator
    new Verifier({ name: 'x', header: 'x-sig', separator: ';' }, 's');
    // @ts-expect-error no such scheme
    new Verifier('imuta', 's');
    // @ts-expect-error a parsed body
    new Verifier('immuta', 's').verify({}, { a: 1 });
    // @ts-expect-error not in this entry
    new Slim('immuta', 's', { body: 'canonical' });
  `);
  await writeFile(join(project, 'use.cts'), "import sigpost = require('sigpost');\nexport const header: string = sigpost.schemes.immuta.header;\n");
  const tsc = here('../node_modules/typescript/bin/tsc');
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom', '--types', ''];
  run(process.execPath, [tsc, ...flags, '--module', 'node16', 'use.mts', 'use.cts']);
  run(process.execPath, [tsc, ...flags, '--module', 'esnext', '--moduleResolution', 'bundler', 'use.mts']);
});

test('every example of the page runs and prints what it says', async () => {
  const examples = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);
  assert.ok(examples.length >= 3);
  for (const code of examples) {
    const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text]) => text);
    await writeFile(join(project, 'example.mjs'), code);
    assert.equal(run(process.execPath, ['example.mjs']).trim(), said.join('\n'));
  }
});

test('every example of a doc comment runs, and its values are what it says', async () => {
  const files = (await readdir(here('../src'), { recursive: true })).filter((name) => name.endsWith('.ts'));
  const sources = await Promise.all(files.map((name) => readFile(here(`../src/${name}`), 'utf8')));
  const examples = sources.flatMap((source) => [...source.matchAll(/^ \* ```js\n([\s\S]*?)^ \* ```$/gm)]);
  assert.ok(examples.length >= 8, `${examples.length} examples`);
  for (const [, comment] of examples) {
    const code = comment.replace(/^ \* ?/gm, '');
    const said = [...code.matchAll(/; \/\/ (.*)$/gm)].map(([, text]) => text);
    assert.ok(said.length > 0, code);
    const shown = code.replace(/^( *)(\S.*); \/\/ .*$/gm, '$1console.log(inspect($2));');
    await writeFile(join(project, 'example.mjs'), `import { inspect } from 'node:util';\n${shown}`);
    assert.equal(run(process.execPath, ['example.mjs']).trim(), said.join('\n'));
  }
});

test('every error code is in the table of the page, with whose fault it is', async () => {
  const source = await readFile(here('../src/error.ts'), 'utf8');
  const codes = [...source.slice(source.indexOf('VerificationCode =')).matchAll(/^ {2}(?:(\w+): 0,|\| '(\w+)';?)$/gm)].map(([, sender, receiver]) => (sender ? `${sender} sender` : `${receiver} receiver`));
  const table = [...readme.matchAll(/^\| `(\w+)` \| (sender|receiver) \|/gm)].map(([, code, fault]) => `${code} ${fault}`);
  assert.ok(codes.length > 15);
  assert.deepEqual(table.sort(), codes.sort());
});

test('every preset is in the table of the page with its header, and every part of a scheme is explained', async () => {
  const { schemes } = await import(join(folder, 'index.js'));
  const presets = Object.values(schemes).map(({ name, header }) => `${name} ${header}`);
  const table = [...readme.matchAll(/^\| `([\w-]+)` \| `([\w-]+)` \|.*\|.*\|.*\|$/gm)].map(([, name, header]) => `${name} ${header}`);
  assert.ok(presets.length > 10);
  assert.deepEqual(table.sort(), presets.sort());
  // What a preset has besides is what follows from the rest.
  const parts = new Set(Object.values(schemes).flatMap(Object.keys).filter((part) => part !== 'replay'));
  const explained = [...readme.matchAll(/^\| (`.*`) \| .* \|$/gm)].flatMap(([, names]) => names.match(/\w+/g));
  assert.ok(parts.size > 10);
  assert.deepEqual([...parts].filter((part) => !explained.includes(part)), []);
});

/** Bytes of what a bundler makes of an import: minified, and gzipped. */
async function size(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: project },
    bundle: true,
    format: 'esm',
    minify: true,
    write: false,
  });
  const { contents } = outputFiles[0];
  return { minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length };
}

/** The most that entries may be, gzipped, in KiB: whoever needs more has to find something that can go. */
const BUDGETS = { 'sigpost/verify': 14, 'sigpost/canonical': 12, 'sigpost/express': 1, 'sigpost/fastify': 1, 'sigpost/hono': 1, 'sigpost/fetch': 1 };

test('no entry exceeds its budget', async () => {
  for (const [entry, most] of Object.entries(BUDGETS)) {
    const { gzipped } = await size(`export * from '${entry}';`);
    assert.ok(gzipped <= most * 1024, `${entry}: ${gzipped} bytes gzipped, and ${most * 1024} are allowed`);
  }
});

test('no entry is larger than the page says, nor the page far from it, and unused parts are dropped', async () => {
  const rows = [...readme.matchAll(/^\| `(sigpost[^`]*)` \| ([\d.]+) KiB \| ([\d.]+) KiB \|$/gm)];
  assert.equal(rows.length, 10);
  for (const [, entry, ...stated] of rows) {
    const { minified, gzipped } = await size(`export * from '${entry}';`);
    const used = [minified / 1024 / Number(stated[0]), gzipped / 1024 / Number(stated[1])];
    assert.ok(used.every((share) => share <= 1 && share > 0.85), `${entry}: ${minified} and ${gzipped} bytes`);
  }
  const [whole, part] = await Promise.all([
    size("export { canonicalize } from 'sigpost';"),
    size("export { canonicalize } from 'sigpost/canonical';"),
  ]);
  assert.ok(whole.gzipped < part.gzipped * 1.02, 'importing one function brings in the other module');
});
