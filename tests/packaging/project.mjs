// A project of its own for each test: a temporary folder, into which the packed package is installed as users do it,
// but from the file and with no registry to ask.

import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { rmSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { transform } from 'esbuild';

/** The folder of these tests, in whose node_modules the tools are. */
export const here = fileURLToPath(new URL('.', import.meta.url));

/** More than anything here takes on a slow machine. */
export const TIMEOUT = 120_000;

const SECRET = 'a secret of the tests';
const CANONICAL = '{"n":1.5,"text":"é"}';

/** Not in its canonical form, so that verifying that one takes both modules. */
export const body = '{ "n": 1.50, "text": "\\u00e9" }';

const mac = (text) => createHmac('sha256', SECRET).update(text).digest('hex');

/** Headers as senders make them, by Node's crypto: both entries of the package must find them genuine. */
export const genuine = {
  'x-immuta-webhook-signature-sha256': mac(CANONICAL),
  'qlik-signature': mac(body),
};

/** The same with another signature of the right form. */
export const forged = {
  'x-immuta-webhook-signature-sha256': mac(body),
  'qlik-signature': mac(CANONICAL),
};

const event = { n: 1.5, text: 'é' };

/** What app/outcome.mjs must say of the two. */
export const expected = {
  genuine: { whole: event, part: event, canonical: CANONICAL, same: true },
  forged: { whole: 'mismatch', part: 'mismatch', canonical: CANONICAL, same: true },
};

/** The lines of a script that reports both as {@link expected}, once `outcome` is imported. */
export const report = `({
  genuine: outcome(${JSON.stringify(genuine)}, ${JSON.stringify(body)}),
  forged: outcome(${JSON.stringify(forged)}, new TextEncoder().encode(${JSON.stringify(body)})),
})`;

const execute = promisify(execFile);

/** Runs a program to its end and returns what it printed; what it complained of is in the error. */
export async function run(program, args, options = {}) {
  const { stdout } = await execute(program, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options }).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}`);
  });
  return stdout;
}

/** The package's folder, as `cargo xtask npm` prints it. */
export function folder() {
  return named('SIGPOST_NPM', 'to what `cargo xtask npm` prints');
}

function named(variable, remedy) {
  const value = process.env[variable];
  if (!value) {
    throw new Error(`${variable} is not set: run \`cargo xtask test\`, or set it ${remedy}`);
  }
  return value;
}

let packed;

/** The package as one file, made once for all tests of a file. */
export function tarball() {
  packed ??= pack();
  return packed;
}

async function pack() {
  const place = await mkdtemp(join(tmpdir(), 'sigpost-packed-'));
  process.once('exit', () => rmSync(place, { recursive: true, force: true }));
  const [{ filename }] = JSON.parse(await run('npm', ['pack', '--json', '--pack-destination', place, folder()]));
  return join(place, filename);
}

/** Makes a project with these files beside app/outcome.mjs, below `parent`; it goes when the test ends. */
export async function project(test, files = {}, parent = tmpdir()) {
  const root = await mkdtemp(join(parent, 'project-'));
  test.after(() => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  await writeFile(join(root, 'package.json'), '{ "name": "user", "private": true, "type": "module" }');
  // With a cache of its own and nothing to ask, nothing but the file can be what is installed.
  const offline = ['--offline', '--cache', join(root, '.npm'), '--no-audit', '--no-fund'];
  await run('npm', ['install', ...offline, await tarball()], { cwd: root });
  await copyFile(join(here, 'app/outcome.mjs'), join(root, 'outcome.mjs'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

/** app/outcome.mjs for those who require. */
export async function required() {
  const { code } = await transform(await readFile(join(here, 'app/outcome.mjs'), 'utf8'), { format: 'cjs' });
  return code;
}

/** The paths of all files below a folder. */
export async function filesBelow(root) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
