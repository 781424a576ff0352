// The programs that the playground writes for Next.js and for Workers, where these run them.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { load } from '../../www/tests/load.mjs';
import { build, start } from './next.mjs';
import { TIMEOUT, folder, project } from './project.mjs';
import { bundled, serve } from './workerd.mjs';

const { receiver } = await load('/src/playground/generate/receiver.ts');
const { schemes, sign } = await import(pathToFileURL(join(folder(), 'index.js')).href);

// A key for all of them: Svix wants base64.
const SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX';
const BODY = '{ "type": "greeting", "text": "h\u00e9llo" }';
const CUSTOM = [
  { name: 'acme', header: 'x-acme-signature', algorithm: 'hmac-sha512', encoding: 'base64url', prefix: "it's=", separator: ',', timestampPrefix: 't=', signed: [{ text: "`${a}`\\'</script>" }, 'timestamp', { text: '.' }, 'body'] },
  { name: 'own', header: 'x-own', idHeader: 'x-own-id', timestampHeader: 'x-own-time', tolerance: 60, signed: ['id', { text: ':' }, 'timestamp', { text: ':' }, 'body'], body: 'canonical', key: 'standard-webhooks' },
];
const cases = [...Object.keys(schemes), ...CUSTOM];

const nameOf = (scheme) => scheme.name ?? scheme;

/** A genuine request, and the same with one byte changed. */
async function answers(url, scheme) {
  const headers = { 'content-type': 'application/json', ...sign(scheme, SECRET, { body: BODY, id: 'msg_1' }) };
  const post = async (body) => (await fetch(url, { method: 'POST', headers, body })).status;
  return { scheme: nameOf(scheme), forged: await post(BODY.replace('llo', 'lla')), genuine: await post(BODY) };
}

test('the programs for Next.js take what is genuine and refuse one changed byte', { timeout: TIMEOUT }, async (test) => {
  // One application with all of them, since building one takes long; built without a secret, as in a pipeline.
  const files = Object.fromEntries(cases.map((scheme) => {
    const { file, code } = receiver('nextjs', scheme);
    return [file.replace('app/', `app/${nameOf(scheme)}/`), code];
  }));
  const url = await start(test, await build(test, files, []), { WEBHOOK_SECRET: SECRET });
  for (const scheme of cases) {
    assert.deepEqual(await answers(`${url}/${nameOf(scheme)}/hooks`, scheme), { scheme: nameOf(scheme), forged: 401, genuine: 200 });
  }
});

for (const scheme of cases) {
  test(`the program for Workers and ${nameOf(scheme)} takes what is genuine and refuses one changed byte`, { timeout: TIMEOUT }, async (test) => {
    const { file, code } = receiver('workers', scheme);
    assert.equal(file, 'worker.mjs');
    const root = await project(test, { [file]: code });
    const bundle = await bundled(root, ['workerd', 'worker', 'browser']);
    const url = await serve(test, bundle, '2025-06-01', [], { WEBHOOK_SECRET: SECRET });
    assert.deepEqual(await answers(url, scheme), { scheme: nameOf(scheme), forged: 401, genuine: 200 });
  });
}
