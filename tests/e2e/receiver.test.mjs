// The end-to-end receiver, against signatures made by node:crypto alone: what it says can be relied on.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { expected, verifies } from './independent.mjs';

const SECRET = 'a secret of the test';
const BODY = '{"text":"caf\u00e9","metadata":{"n":1}}';

/** Starts the receiver, gives `use` its url and a function that awaits its next line, and stops it. */
async function withReceiver(args, use) {
  const path = fileURLToPath(new URL('receiver.mjs', import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    env: { ...process.env, SIGPOST_SECRET: SECRET },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    assert.ok(!done, 'the receiver ended');
    return JSON.parse(value);
  };
  try {
    await use((await next()).listening, next);
  } finally {
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  }
}

const deliver = (url, headers, body) => fetch(url, { method: 'POST', headers, body });

test('both signatures of one delivery are verified and agree with node:crypto', async () => {
  const headers = Object.fromEntries([expected('immuta', SECRET, BODY), expected('immuta-sha1', SECRET, BODY)]);
  await withReceiver(['--scheme', 'immuta', '--scheme', 'immuta-sha1', '--status', '204'], async (url, next) => {
    assert.equal((await deliver(url, headers, BODY)).status, 204);
    const line = await next();
    assert.equal(line.ok, true, JSON.stringify(line.results));
    assert.equal(line.code, null);
    assert.equal(Buffer.from(line.bodyBase64, 'base64').toString(), BODY);
    assert.deepEqual(line.results.map((result) => result.scheme), ['immuta', 'immuta-sha1']);
    assert.ok(line.results.every((result) => result.independent && typeof result.flipped === 'string'));
  });
});

test('a wrong signature and a missing one are told apart and answered alike', async () => {
  await withReceiver(['--scheme', 'qlik'], async (url, next) => {
    const wrong = { 'qlik-signature': createHmac('sha256', 'another').update(BODY).digest('hex') };
    assert.equal((await deliver(url, wrong, BODY)).status, 401);
    assert.equal((await deliver(url, {}, BODY)).status, 401);
    const [first, second] = [await next(), await next()];
    assert.deepEqual([first.ok, second.ok, first.scheme], [false, false, 'qlik']);
    assert.ok(first.code && second.code && first.code !== second.code, `${first.code} ${second.code}`);
  });
});

test('the independent implementation agrees with a published vector', () => {
  // RFC 4231, test case 2.
  const digest = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  assert.deepEqual(expected('qlik', 'Jefe', 'what do ya want for nothing?'), ['qlik-signature', digest]);
  assert.ok(verifies('qlik', 'Jefe', { 'qlik-signature': digest }, 'what do ya want for nothing?'));
  assert.ok(!verifies('qlik', 'Jefe', { 'qlik-signature': digest }, 'what do ya want for nothing!'));
  assert.ok(!verifies('qlik', 'Jefe', {}, 'what do ya want for nothing?'));
});

test('the key of standard-webhooks is decoded from a whsec_ secret and derived from any other', () => {
  // Worked example of the Standard Webhooks specification's libraries.
  const headers = { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330' };
  const body = '{"test": 2432232314}';
  const [, value] = expected('standard-webhooks', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', body, headers);
  assert.equal(value, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  assert.ok(verifies('standard-webhooks', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', { ...headers, 'webhook-signature': `v1,AAAA ${value}` }, body));
  const derived = createHmac('sha256', SECRET).update('sigpost/standard-webhooks/v1').digest('base64');
  const same = expected('standard-webhooks', `whsec_${derived}`, body, headers);
  assert.deepEqual(expected('standard-webhooks', SECRET, body, headers), same);
});
