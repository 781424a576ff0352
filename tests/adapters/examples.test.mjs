// Every complete example of the page and of the adapters' doc comments, as a process of its own with a webhook sent to it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { exchange, sign } from './frameworks.mjs';
import { freePort, untilItListens } from './listening.mjs';
import { createProject } from './project.mjs';

const SECRET = 'the secret';
const here = (path) => new URL(`../../wasm/${path}`, import.meta.url);
/** Examples that need a framework are fenced so; those fenced `js` run without, in the tests of the package. */
const EXAMPLE = /^( \* )?```javascript\n([\s\S]*?)^(?: \* )?```$/gm;
/** Serves what an example exports as its platform would. */
const PLATFORM = `
import { serve } from '@hono/node-server';
serve({ fetch: (await import('./example.mjs')).POST, port: process.env.PORT });
`;

const examples = [];
for (const file of ['README.md', ...(await readdir(here('js/src/adapters'))).map((name) => `js/src/adapters/${name}`)]) {
  const text = await readFile(here(file), 'utf8');
  for (const [, comment, code] of text.matchAll(EXAMPLE)) {
    examples.push({ file, code: comment ? code.replace(/^ \* ?/gm, '') : code });
  }
}

let project;
before(async () => {
  project = await createProject();
});
after(() => project.remove());

test('there are examples of every adapter, on the page and in the code', () => {
  const used = (place, name) => examples.some(({ file, code }) => file.includes(place) && code.includes(`'sigpost/${name}'`));
  for (const name of ['express', 'fastify', 'hono', 'fetch']) {
    assert.ok(used('README', name) && used(`${name}.ts`, name), name);
  }
  assert.ok(used('README', 'dedupe'));
});

for (const [index, { file, code }] of examples.entries()) {
  test(`example ${index + 1}, of ${file}, takes a genuine webhook and refuses a forged one`, async () => {
    const exported = code.includes('export const POST');
    await writeFile(join(project.folder, 'example.mjs'), code);
    await writeFile(join(project.folder, 'platform.mjs'), PLATFORM);
    const port = await freePort();
    const env = { ...process.env, PORT: String(port), WEBHOOK_SECRET: SECRET };
    const program = spawn(process.execPath, [exported ? 'platform.mjs' : 'example.mjs'], { cwd: project.folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(program, 'close');
    let printed = '';
    program.stdout.on('data', (chunk) => (printed += chunk));
    const [, scheme] = code.match(/new Verifier\('([\w-]+)'/);
    const body = '{"text":"hello"}';
    const post = (secret) => exchange(port, { headers: { ...sign(scheme, secret, { body, id: 'msg_1' }), 'content-type': 'application/json' }, body });
    try {
      const forged = await untilItListens(() => post('a guess'));
      assert.deepEqual([forged.status, printed], [401, '']);
      assert.equal((await post(SECRET)).status, 200);
      assert.equal((await post(SECRET)).status, 200);
    } finally {
      program.kill();
      await ended;
    }
    const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text]) => `${text}\n`).join('');
    // With a store, the second is no news.
    assert.equal(printed, code.includes('store') ? said : said + said);
    assert.ok(said !== '');
  });
}
