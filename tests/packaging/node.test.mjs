// Node, by import and by require, and the entry without modules inside.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { TIMEOUT, body, expected, genuine, project, report, required, run } from './project.mjs';

const node = async (root, file, ...flags) => JSON.parse(await run(process.execPath, [...flags, file], { cwd: root }));

test('Node imports the package', { timeout: TIMEOUT }, async (test) => {
  const main = `import { outcome } from './outcome.mjs';\nconsole.log(JSON.stringify${report});\n`;
  assert.deepEqual(await node(await project(test, { 'main.mjs': main }), 'main.mjs'), expected);
});

test('Node requires the package', { timeout: TIMEOUT }, async (test) => {
  const main = `const { outcome } = require('./outcome.cjs');\nconsole.log(JSON.stringify${report});\n`;
  const root = await project(test, { 'outcome.cjs': await required(), 'main.cjs': main });
  assert.deepEqual(await node(root, 'main.cjs'), expected);
});

test('no entry needs more than the permission to read its own files', { timeout: TIMEOUT }, async (test) => {
  const main = `import { outcome } from './outcome.mjs';\nconsole.log(JSON.stringify${report});\n`;
  const root = await project(test, { 'main.mjs': main });
  const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
  assert.deepEqual(await node(root, 'main.mjs', permission, `--allow-fs-read=${root}/*`, '--no-warnings'), expected);
});

const USES = `
  const uses = [() => verify('qlik', 'a secret of the tests', headers, body).event.n, () => canonicalize('[1.0]')];
  const told = () => uses.map((use) => { try { return use(); } catch (error) { return error.message; } });
  const before = told();
`;

/** Of the slim entry: what its functions say before and after it is made ready. */
async function slim(test, name, how) {
  const given = `const headers = ${JSON.stringify(genuine)}, body = ${JSON.stringify(body)};`;
  const root = await project(test, { [name]: `${how.before}\n${given}${USES}${how.init}\nconsole.log(JSON.stringify([before, told()]));` });
  const [before, after] = await node(root, name);
  assert.match(before[0], /^sigpost\/slim has no module 'verify' yet: call init/);
  assert.match(before[1], /^sigpost\/slim has no module 'canonical' yet: call init/);
  assert.deepEqual(after, [1.5, '[1]']);
}

test('the slim entry is made ready from URLs of files, and says so before', { timeout: TIMEOUT }, (test) =>
  slim(test, 'main.mjs', {
    before: "import { canonicalize, init, verify } from 'sigpost/slim';",
    init: `
      const url = import.meta.resolve('sigpost/verify.wasm');
      await init({ verify: url, canonical: Promise.resolve(new URL(import.meta.resolve('sigpost/canonical.wasm'))) });`,
  }));

test('the slim entry is made ready at once, from bytes and from a module', { timeout: TIMEOUT }, (test) =>
  slim(test, 'main.cjs', {
    before: "const { readFileSync } = require('node:fs');\nconst { canonicalize, initSync, verify } = require('sigpost/slim');",
    init: `
      const bytes = (name) => readFileSync(require.resolve('sigpost/' + name + '.wasm'));
      initSync({ verify: bytes('verify'), canonical: new WebAssembly.Module(bytes('canonical')) });`,
  }));

test('the slim entry takes responses, and says what did not come', { timeout: TIMEOUT }, async (test) => {
  const root = await project(test);
  const main = `
    import { readFileSync } from 'node:fs';
    import { createServer } from 'node:http';
    import { once } from 'node:events';
    import { canonicalize, init, verify, VerificationError } from 'sigpost/slim';
    import { VerificationError as Same } from 'sigpost';
    const types = { '/canonical.wasm': 'application/wasm', '/verify.wasm': 'application/octet-stream' };
    const server = createServer(({ url }, response) => {
      response.writeHead(types[url] ? 200 : 404, { 'content-type': types[url] ?? 'text/html' });
      response.end(types[url] ? readFileSync('node_modules/sigpost' + url) : 'no');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const at = (path) => 'http://127.0.0.1:' + server.address().port + path;
    const errors = [];
    for (const modules of [{ verify: at('/missing.wasm') }, { verify: undefined }, { verifier: at('/verify.wasm') }]) {
      await init(modules).catch((error) => errors.push(error.message));
    }
    await init({ verify: at('/verify.wasm'), canonical: fetch(at('/canonical.wasm')) });
    const { n } = verify('qlik', 'a secret of the tests', ${JSON.stringify(genuine)}, ${JSON.stringify(body)}).event;
    console.log(JSON.stringify([...errors, n, canonicalize('[1.0]'), VerificationError === Same]));
    server.closeAllConnections();
    server.close();`;
  await writeFile(join(root, 'main.mjs'), main);
  const [missing, none, unknown, ...rest] = await node(root, 'main.mjs');
  assert.match(missing, /^the module 'verify' did not come: 404 from http/);
  assert.match(none, /^the module 'verify' is undefined: give/);
  assert.match(unknown, /has no 'verifier'; there is verify, sha512, canonical, explain/);
  assert.deepEqual(rest, [1.5, '[1]', true]);
});
