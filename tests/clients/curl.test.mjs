// The curl lines of Immuta's and Qlik's documents, run by a shell as they are written, but for host, token and ids.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { publish, until, withReceiver, withServer } from './server.mjs';

const run = promisify(execFile);

/** The commands of a file: what stands between empty lines, without comments. */
async function commands(name) {
  const text = await readFile(new URL(`curl/${name}.sh`, import.meta.url), 'utf8');
  return text.split('\n\n').map((part) => part.trim()).filter((part) => part.startsWith('curl'));
}

/** Runs commands in a folder of its own; curl tells the status behind the body because its settings there say so. */
async function withShell(use) {
  const folder = await mkdtemp(join(tmpdir(), 'sigpost-curl-'));
  await writeFile(join(folder, '.curlrc'), 'silent\nshow-error\nmax-time = 30\nwrite-out = "\\n%{http_code}"\n');
  const shell = async (command) => {
    const { stdout } = await run('sh', ['-c', command], { cwd: folder, env: { ...process.env, CURL_HOME: folder } });
    const end = stdout.lastIndexOf('\n');
    const body = stdout.slice(0, end);
    return { status: Number(stdout.slice(end + 1)), body: body && JSON.parse(body) };
  };
  try {
    await use(shell, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const IMMUTA = `
[[tenant]]
name = "immuta"
dialect = "immuta"
egress.allow = ["127.0.0.0/8"]
settings.retry = []
[[tenant.user]]
id = "2"
name = "Ada"
roles = ["admin", "user"]
token = "dea464c07bd07300095caa8"
`;

// As the document has it, but for the address.
const payload = (url) => ({
  webhooks: [
    { url, name: 'ViewMonitorHook', global: false, notificationType: ['ALL_NOTIFICATIONS'], actionType: 'triggered' },
  ],
});

test("the curl lines of Immuta's document do what it says", async () => {
  const lines = await commands('immuta');
  assert.equal(lines.length, 8);
  await withServer(IMMUTA, (base) =>
    withReceiver(() => ({ status: 200 }), (url) =>
      withShell(async (shell, folder) => {
        const ask = (line) =>
          shell(line.replace('https://demo.immuta.com', base).replace('<TOKEN>', 'dea464c07bd07300095caa8'));
        await writeFile(join(folder, 'example-payload.json'), JSON.stringify(payload(`${url}/processWebhook`)));
        const [create, list, actions, history, read, retry, remove, again] = lines;
        const created = await ask(create);
        assert.equal(created.status, 200);
        assert.equal(created.body.createdWebhooks[0].id, 1);
        assert.deepEqual(created.body.errors, []);
        assert.equal((await ask(list)).body[0].name, 'ViewMonitorHook');
        const names = await ask(actions);
        assert.deepEqual([names.status, names.body[0]], [200, 'ALL_NOTIFICATIONS']);
        assert.deepEqual(await ask(history), { status: 200, body: { count: '0', records: [] } });
        const data = { text: 'Ada has created the Public project.', metadata: { actionBy: 2 } };
        await publish(base, 'dea464c07bd07300095caa8', { id: '1', type: 'modelCreated', data });
        await until('the delivery', async () => (await ask(history)).body.count === '1');
        assert.equal((await ask(read)).body.url, `${url}/processWebhook`);
        const retried = await ask(retry);
        assert.deepEqual([retried.status, retried.body.id, retried.body.statusCode], [200, 2, 200]);
        assert.equal((await ask(remove)).body.id, 1);
        assert.equal((await ask(again)).body.count, '2');
        assert.equal((await ask(read)).status, 404);
      }),
    ),
  );
});

const QLIK = (relaxed) => `
[[tenant]]
name = "qlik"
dialect = "qlik"
egress.allow = ["127.0.0.0/8"]
egress.relaxed_targets = ${relaxed}
settings.retry = []
[[tenant.user]]
id = "ada"
name = "Ada"
roles = ["admin"]
token = "the-token-of-ada"
`;

test("the curl lines of Qlik's document answer 400 to its placeholders and do what it says when they are filled in", async () => {
  const lines = await commands('qlik');
  assert.equal(lines.length, 10);
  await withServer(QLIK(true), (base) =>
    withReceiver(() => ({ status: 200 }), (url) =>
      withShell(async (shell) => {
        const ask = (line, ids = {}) => {
          let command = line.replace('https://{tenant}.{region}.qlikcloud.com', base).replace('<access_token>', 'the-token-of-ada');
          for (const [name, id] of Object.entries(ids)) command = command.replace(`{${name}}`, id);
          return shell(command);
        };
        const [list, create, read, patch, put, remove, deliveries, delivery, resend, types] = lines;
        assert.deepEqual((await ask(list)).body.data, []);
        const filled = (line) =>
          line
            .replace('"url":"string"', `"url":"${url}/hook"`)
            .replace('"eventTypes":["string"]', '"eventTypes":["com.qlik.v1.app.created"]')
            .replace('"secret":"string"', '"secret":"0123456789abcdef0123456789abcdef"')
            .replace(/"filter":".*?789\\""/, '"filter":"spaceId ne \\"elsewhere\\""')
            .replace('"enabled":false', '"enabled":true')
            .replace('"ownerId":"string",', '')
            // The document names one header twice, which it forbids itself.
            .replace('"encryptedHeaders":{"headerName"', '"encryptedHeaders":{"encryptedHeaderName"');
        const placeholder = await ask(create);
        assert.equal(placeholder.status, 400, JSON.stringify(placeholder.body));
        assert.ok(placeholder.body.errors[0].code && placeholder.body.errors[0].title && placeholder.body.traceId);
        const created = await ask(filled(create));
        assert.equal(created.status, 201, JSON.stringify(created.body));
        const { id } = created.body;
        assert.equal((await ask(read, { id })).body.name, 'string');
        const wrong = await ask(patch, { id });
        assert.equal(wrong.status, 400, 'a description is no boolean');
        assert.equal((await ask(patch.replace('true', '"why"'), { id })).status, 204);
        assert.equal((await ask(read, { id })).body.description, 'why');
        assert.equal((await ask(put, { id })).status, 400);
        const updated = await ask(filled(put), { id });
        assert.deepEqual([updated.status, updated.body.description], [200, 'string']);
        await publish(base, 'the-token-of-ada', { id: '1', type: 'com.qlik.v1.app.created', data: { id: 'app' } });
        const [first] = await until('the delivery', async () => {
          const { body } = await ask(deliveries, { id });
          return body.data.length > 0 && body.data;
        });
        assert.equal(first.status, 'success');
        const one = await ask(delivery, { id, deliveryId: first.id });
        assert.deepEqual(one, { status: 200, body: first });
        const resent = await ask(resend, { id, deliveryId: first.id });
        assert.deepEqual([resent.status, resent.body.status], [201, 'success']);
        assert.notEqual(resent.body.id, first.id);
        assert.deepEqual(resent.body.request.body, first.request.body);
        assert.equal((await ask(types)).body.data.length > 10, true);
        assert.equal((await ask(remove, { id })).status, 204);
        assert.equal((await ask(read, { id })).status, 404);
      }),
    ),
  );
});
