import assert from 'node:assert/strict';
import { test } from 'node:test';

import { schemes, sign, standardSecret } from '../../wasm/js/dist/index.js';
import { load } from './load.mjs';

const { recognise, signatureHeaders } = await load('/src/playground/recognise.ts');

const IMMUTA = '{"text":"a","metadata":{},"webhookId":1,"webhookName":"b"}';
const REQUEST = '{"deliveryId":"a","webhookId":"b","type":"c","createdAt":"d","data":{}}';
const SECRET = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX';

const bytes = (text) => new TextEncoder().encode(text);
const names = (headers, body = '{}') => recognise(Object.entries(headers), bytes(body)).map(({ scheme }) => scheme);

test('what a preset signs is recognised as its own, also beside Standard Webhooks headers', () => {
  for (const scheme of Object.keys(schemes)) {
    const body = scheme === 'immuta-request' ? REQUEST : IMMUTA;
    const headers = sign(scheme, SECRET, { body, id: 'msg_1' });
    const standard = sign('standard-webhooks', standardSecret(SECRET), { body, id: 'msg_1' });
    assert.equal(names(headers, body)[0], scheme);
    const all = names({ ...standard, ...headers, accept: '*/*' }, body);
    assert.deepEqual([all[0], all.includes('standard-webhooks')], [scheme, true]);
  }
});

test('names of headers are read in any case', () => {
  assert.deepEqual(names({ 'Qlik-Signature': 'a' }), ['qlik']);
});

test('the two systems that share a header are told apart by the body, or both named', () => {
  const shared = { 'x-immuta-webhook-signature-sha256': 'a' };
  assert.deepEqual(names(shared, IMMUTA), ['immuta', 'immuta-request']);
  assert.deepEqual(names(shared, REQUEST), ['immuta-request', 'immuta']);
  for (const unclear of ['{}', 'null', '[', 'text', '"webhookId"']) {
    assert.deepEqual(names(shared, unclear), ['immuta', 'immuta-request'], unclear);
  }
});

test('SHA-1 comes first where it is alone, and last where it is not', () => {
  const [sha1, sha256] = ['x-immuta-webhook-signature', 'x-immuta-webhook-signature-sha256'];
  assert.deepEqual(names({ [sha1]: 'a' }), ['immuta-sha1', 'immuta']);
  assert.deepEqual(names({ [sha1]: 'a', [sha256]: 'b' }), ['immuta', 'immuta-request', 'immuta-sha1']);
  assert.match(recognise([['X-Hub-Signature', 'a']], bytes(''))[0].reason, /weaker signature that github does not accept/);
});

test('a scheme whose time or id is missing is named with what is missing, after those that are complete', () => {
  const [first, second] = recognise([['webhook-signature', 'a'], ['x-slack-signature', 'b'], ['x-slack-request-timestamp', '1']], bytes(''));
  assert.equal(first.scheme, 'slack');
  assert.match(second.reason, /but webhook-id and webhook-timestamp are missing/);
});

test('no header of a scheme is no scheme', () => {
  assert.deepEqual(names({ host: 'a', __proto__: null, constructor: 'b' }, IMMUTA), []);
  assert.ok(signatureHeaders.has('stripe-signature') && !signatureHeaders.has('svix-id'));
});
