// `standardWebhooks: 'required'`: a sender's own signature and that of Standard Webhooks, both of them.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { expected } from '../../../tests/e2e/independent.mjs';
import { codeOf, folder, sigpost, slim } from './package.mjs';

const { webhook } = await import(pathToFileURL(join(folder, 'fetch.js')));
const { memoryStore } = await import(pathToFileURL(join(folder, 'dedupe.js')));
const { Verifier, schemes, sign, standardSecret } = sigpost;

const NOW = 1_700_000_000;
const now = () => NOW * 1000;
const REQUIRED = { standardWebhooks: 'required', now };
const BODY = '{"a":1}';
const OWN = ['immuta', 'immuta-request', 'immuta-sha1', 'qlik', 'generic', 'github', 'shopify'];

/** What sigpost's server sends: the headers of a scheme, and those of Standard Webhooks with what is derived from the secret. */
function sent(scheme, secret, body = BODY, { id = 'msg_1', timestamp = NOW } = {}) {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) };
  const own = expected(scheme, secret, body);
  return { ...headers, ...Object.fromEntries([own, expected('standard-webhooks', secret, body, headers)]) };
}
const without = (headers, ...names) => Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

test('what sigpost\'s server sends has an id and a time then, whatever the scheme', () => {
  for (const { Verifier } of [sigpost, slim]) {
    for (const scheme of OWN) {
      for (const secret of ['a shared secret', `whsec_${Buffer.alloc(32, 70).toString('base64')}`, standardSecret('x')]) {
        for (const body of [BODY, `"${'x'.repeat(5000)}"`]) {
          const verifier = new Verifier(scheme, secret, REQUIRED);
          assert.equal(verifier.replay, 'id-and-time');
          const headers = sent(scheme, secret, body);
          const { id, timestamp, secretIndex, event, scheme: name } = verifier.verify(headers, body);
          assert.deepEqual([id, timestamp, secretIndex, name, event], ['msg_1', NOW, 0, scheme, JSON.parse(body)]);
          // Without it, the same headers tell neither.
          const plain = new Verifier(scheme, secret).verify(headers, body);
          assert.deepEqual([plain.id, plain.timestamp], [undefined, undefined]);
        }
      }
    }
  }
});

test('the key is the one that standardSecret shows', () => {
  const [, key] = standardSecret('shared').split('_');
  const tag = createHmac('sha256', Buffer.from(key, 'base64')).update(`msg_1.${NOW}.${BODY}`).digest('base64');
  const headers = { ...sign('qlik', 'shared', { body: BODY }), 'webhook-id': 'msg_1', 'webhook-timestamp': `${NOW}`, 'webhook-signature': `v1,${tag}` };
  assert.equal(new Verifier('qlik', 'shared', REQUIRED).verify(headers, BODY).id, 'msg_1');
});

test('neither signature is enough without the other: missing, malformed, doubled or forged', () => {
  for (const scheme of OWN) {
    const verifier = new Verifier(scheme, 'shared', REQUIRED);
    const headers = sent(scheme, 'shared');
    const code = (headers, body = BODY) => codeOf(() => verifier.verify(headers, body));
    assert.equal(verifier.verify(headers, BODY).secretIndex, 0);
    const own = schemes[scheme].header;
    for (const name of Object.keys(headers)) {
      assert.throws(() => verifier.verify(without(headers, name), BODY), { code: 'missing_header', header: name, fault: 'sender' });
      assert.throws(() => verifier.verify([...Object.entries(headers), [name, headers[name]]], BODY), { code: 'duplicate_header', header: name });
      assert.throws(() => verifier.verify({ ...headers, [name]: '\u00e9' }, BODY), { code: 'malformed_header', header: name });
    }
    assert.equal(code(without(headers, 'webhook-id', 'webhook-timestamp', 'webhook-signature')), 'missing_header');
    // Each of another's request: both fit alone, and not together.
    const other = sent(scheme, 'forged');
    assert.equal(code({ ...headers, [own]: other[own] }), 'mismatch');
    assert.equal(code({ ...headers, 'webhook-signature': other['webhook-signature'] }), 'mismatch');
    assert.equal(code({ ...headers, 'webhook-id': 'msg_2' }), 'mismatch');
    assert.equal(code({ ...headers, 'webhook-timestamp': String(NOW + 1) }), 'mismatch');
    assert.equal(code(headers, '{"a":2}'), 'mismatch');
    const elsewhere = sent(scheme, 'shared', '{"a":2}');
    assert.equal(code({ ...headers, 'webhook-signature': elsewhere['webhook-signature'] }), 'mismatch');
    assert.equal(code({ ...elsewhere, 'webhook-signature': headers['webhook-signature'] }), 'mismatch');
    // The secret itself is not the key, unless it is of that form.
    const direct = createHmac('sha256', 'shared').update(`msg_1.${NOW}.${BODY}`).digest('base64');
    assert.equal(code({ ...headers, 'webhook-signature': `v1,${direct}` }), 'mismatch');
  }
});

test('the time is judged then, both ways, by the tolerance asked for or by that of Standard Webhooks', () => {
  for (const [options, off] of [[{}, 300], [{ tolerance: 10 }, 10], [{ tolerance: 0 }, 0]]) {
    const verifier = new Verifier('immuta', 'shared', { ...REQUIRED, ...options });
    const at = (timestamp) => () => verifier.verify(sent('immuta', 'shared', BODY, { timestamp }), BODY);
    assert.equal(at(NOW - off)().timestamp, NOW - off);
    assert.equal(at(NOW + off)().timestamp, NOW + off);
    assert.equal(codeOf(at(NOW - off - 1)), 'stale_timestamp');
    assert.equal(codeOf(at(NOW + off + 1)), 'future_timestamp');
  }
  const lenient = new Verifier('immuta', 'shared', { ...REQUIRED, tolerance: null });
  assert.equal(lenient.verify(sent('immuta', 'shared', BODY, { timestamp: 1 }), BODY).timestamp, 1);
  assert.equal(codeOf(() => new Verifier('immuta', 'shared', { now, tolerance: 300 })), 'invalid_tolerance');
  // Only of what is genuine.
  const stale = { ...sent('immuta', 'shared', BODY, { timestamp: 1 }), 'webhook-id': 'other' };
  assert.equal(codeOf(() => new Verifier('immuta', 'shared', REQUIRED).verify(stale, BODY)), 'mismatch');
});

test('a scheme that signs a time of its own has the one of Standard Webhooks then', () => {
  const own = sign('slack', 'shared', { body: BODY, timestamp: NOW - 9000 });
  const standard = sign('standard-webhooks', 'shared', { body: BODY, id: 'msg_1', timestamp: NOW });
  const { id, timestamp } = new Verifier('slack', 'shared', REQUIRED).verify({ ...own, ...standard }, BODY);
  assert.deepEqual([id, timestamp], ['msg_1', NOW]);
  const both = new Verifier('standard-webhooks', 'shared', REQUIRED);
  assert.equal(both.verify(standard, BODY).id, 'msg_1');
  assert.equal(codeOf(() => both.verify({ ...standard, 'webhook-id': 'x' }, BODY)), 'mismatch');
});

test('while a secret is rotated, each of them has both signatures', () => {
  const secrets = ['new', 'old', 'oldest'];
  const verifier = new Verifier('generic', secrets, REQUIRED);
  for (const [index, secret] of secrets.entries()) {
    assert.equal(verifier.verify(sent('generic', secret), BODY).secretIndex, index);
  }
  assert.equal(codeOf(() => verifier.verify(sent('generic', 'other'), BODY)), 'mismatch');
  // A sender in the middle of it signs with both keys.
  const [mine, theirs] = ['new', 'old'].map((secret) => sent('generic', secret));
  const listed = { ...theirs, 'webhook-signature': `${mine['webhook-signature']} ${theirs['webhook-signature']}` };
  assert.equal(verifier.verify(listed, BODY).secretIndex, 1);
  verifier.dispose();
  assert.equal(codeOf(() => verifier.verify(sent('generic', 'new'), BODY)), 'disposed');
});

test('the canonical form is what both sign', () => {
  const verifier = new Verifier('immuta', 'shared', { ...REQUIRED, body: 'canonical' });
  assert.deepEqual(verifier.verify(sent('immuta', 'shared'), '{ "a": 1.0 }').event, { a: 1 });
  assert.equal(codeOf(() => verifier.verify(sent('immuta', 'shared', '{ "a": 1.0 }'), '{ "a": 1.0 }')), 'mismatch');
});

test('anything but required is refused', () => {
  for (const standardWebhooks of ['optional', true, false, null, '', 'Required', 1]) {
    assert.equal(codeOf(() => new Verifier('immuta', 's', { standardWebhooks })), 'invalid_option');
  }
  assert.equal(new Verifier('immuta', 's', { standardWebhooks: undefined }).replay, 'nothing');
});

test('a store is of use then, which it is not for the scheme alone', async () => {
  const store = memoryStore();
  assert.throws(() => webhook(new Verifier('qlik', 'shared', { now }), () => {}, { store }), TypeError);
  const seen = [];
  const receive = webhook(new Verifier('qlik', 'shared', REQUIRED), ({ id, event }) => void seen.push([id, event]), { store });
  const post = async (headers, body = BODY) => (await receive(new Request('http://x', { method: 'POST', headers, body }))).status;
  assert.equal(await post(sent('qlik', 'shared')), 200);
  assert.equal(await post(sent('qlik', 'shared')), 200);
  assert.deepEqual(seen, [['msg_1', { a: 1 }]], 'a delivery is handled once');
  assert.equal(await post(sent('qlik', 'shared', BODY, { id: 'msg_2' })), 200);
  // An id that was not signed is not looked up, nor kept.
  assert.equal(await post({ ...sent('qlik', 'shared'), 'webhook-id': 'msg_3' }), 401);
  assert.equal(await post(sign('qlik', 'shared', { body: BODY })), 401);
  assert.equal(await post(sent('qlik', 'shared', BODY, { id: 'msg_3' })), 200);
  assert.deepEqual(seen.map(([id]) => id), ['msg_1', 'msg_2', 'msg_3']);
});
