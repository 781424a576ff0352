// The programs that the playground writes for receivers, each as a process of its own with webhooks sent to it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { load } from '../../www/tests/load.mjs';
import { exchange, folder, sign } from './frameworks.mjs';
import { freePort, untilItListens } from './listening.mjs';
import { createProject } from './project.mjs';

const { receiver } = await load('/src/playground/generate/receiver.ts');
const { schemes, standardSecret } = await import(pathToFileURL(join(folder, 'index.js')).href);

// A key for all of them: Svix wants base64.
const SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX';
const BODY = '{ "type": "greeting", "text": "h\u00e9llo" }';
const CUSTOM = [
  { name: 'acme', header: 'x-acme-signature', algorithm: 'hmac-sha512', encoding: 'base64url', prefix: "it's=", separator: ',', timestampPrefix: 't=', signed: [{ text: "`${a}`\\'</script>" }, 'timestamp', { text: '.' }, 'body'] },
  { name: 'own', header: 'x-own', idHeader: 'x-own-id', timestampHeader: 'x-own-time', tolerance: 60, signed: ['id', { text: ':' }, 'timestamp', { text: ':' }, 'body'], body: 'canonical', key: 'standard-webhooks' },
];

let project;
before(async () => {
  project = await createProject();
});
after(() => project.remove());

const cases = [...Object.keys(schemes), ...CUSTOM].map((scheme) => ({ title: scheme.name ?? scheme, scheme, options: {} }));
cases.push(
  { title: 'qlik over the canonical form', scheme: 'qlik', options: { body: 'canonical' }, signed: JSON.stringify(JSON.parse(BODY)) },
  { title: 'stripe with any age', scheme: 'stripe', options: { tolerance: null }, timestamp: 1_000_000_000 },
  { title: 'immuta with Standard Webhooks required', scheme: 'immuta', options: { standardWebhooks: 'required' }, standard: true },
);

for (const target of ['express', 'fastify', 'node']) {
  for (const [index, { title, scheme, options, signed = BODY, timestamp, standard }] of cases.entries()) {
    test(`the program for ${target} and ${title} takes what is genuine and refuses one changed byte`, async () => {
      const name = `${target}-${index}.mjs`;
      await writeFile(join(project.folder, name), receiver(target, scheme, options).code);
      const message = { body: signed, id: 'msg_1', ...(timestamp === undefined ? {} : { timestamp }) };
      const headers = {
        'content-type': 'application/json',
        ...sign(scheme, SECRET, message),
        ...(standard ? sign('standard-webhooks', standardSecret(SECRET), { body: BODY, id: 'msg_1' }) : {}),
      };
      await served(name, async (port) => {
        const forged = await untilItListens(() => exchange(port, { headers, body: BODY.replace('llo', 'lla') }));
        assert.equal(forged.status, 401);
        const genuine = await exchange(port, { headers, body: BODY });
        assert.ok(genuine.status >= 200 && genuine.status < 300, `${genuine.status}`);
      });
    });
  }
}

/** Runs a program with a port of its own; it must have printed the event, once. */
async function served(name, use) {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), WEBHOOK_SECRET: SECRET };
  const program = spawn(process.execPath, [name], { cwd: project.folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(program, 'close');
  let printed = '';
  program.stdout.on('data', (chunk) => (printed += chunk));
  try {
    await use(port);
  } finally {
    program.kill();
    await ended;
  }
  assert.equal(printed, "{ type: 'greeting', text: 'h\u00e9llo' }\n");
}
