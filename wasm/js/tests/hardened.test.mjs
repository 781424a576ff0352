// What a program does to itself, or its other packages do, must not weaken what is verified.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codeOf, sigpost, slim } from './package.mjs';

const { Verifier, schemes, sign, verify } = sigpost;

/** Runs `use` while every object has these, as after a prototype was polluted. */
function polluted(members, use) {
  Object.assign(Object.prototype, members);
  try {
    return use();
  } finally {
    Object.keys(members).forEach((name) => delete Object.prototype[name]);
  }
}

test('what every object inherits is no option, no part of a scheme and none of a message', () => {
  const old = sign('stripe', 's', { body: 'x', timestamp: 1 });
  for (const members of [{ tolerance: null }, { tolerance: 1e12 }, { now: () => 1000 }]) {
    assert.equal(polluted(members, () => codeOf(() => verify('stripe', 's', old, 'x'))), 'stale_timestamp');
    assert.equal(polluted(members, () => codeOf(() => verify('stripe', 's', old, 'x', {}))), 'stale_timestamp');
  }
  const headers = sign('qlik', 's', { body: 'x' });
  for (const members of [{ idHeader: 'x-id' }, { header: 'x-other' }, { algorithm: 'hmac-sha1' }, { signed: ['body', 'body'] }, { body: 'canonical' }, { maxBytes: 0 }, { standardWebhooks: 'required' }]) {
    for (const scheme of ['qlik', { name: 'mine', header: 'qlik-signature' }]) {
      assert.equal(polluted(members, () => verify(scheme, 's', headers, 'x').secretIndex), 0, Object.keys(members).join());
      assert.deepEqual(polluted(members, () => sign(scheme, 's', { body: 'x' })), headers);
    }
  }
});

test('nobody changes a preset', () => {
  const old = sign('stripe', 's', { body: 'x', timestamp: 1 });
  assert.throws(() => {
    schemes.stripe.tolerance = 4e9;
  }, TypeError);
  assert.throws(() => schemes.stripe.signed.pop(), TypeError);
  assert.throws(() => {
    schemes.stripe.signed[1].text = '';
  }, TypeError);
  assert.throws(() => {
    schemes.stripe = schemes.github;
  }, TypeError);
  assert.equal(codeOf(() => verify('stripe', 's', old, 'x')), 'stale_timestamp');
  assert.equal(slim.schemes, schemes);
});

test('a promise is told as one: somebody forgot to await it', () => {
  assert.throws(() => verify('qlik', 's', Promise.resolve({}), 'x'), { code: 'invalid_headers', fault: 'receiver', message: /await/ });
  assert.throws(() => verify('qlik', 's', {}, Promise.resolve('x')), { code: 'invalid_body', fault: 'receiver', message: /await/ });
});

test('options that are none are told as such', () => {
  for (const options of [null, 3, 'x']) {
    assert.throws(() => new Verifier('qlik', 's', options), { name: 'TypeError', message: /a verifier is given as an object/ });
  }
});

test('memory that other threads can write to is not copied before its length is known', () => {
  const body = new Uint8Array(new SharedArrayBuffer(64 << 20));
  const { arrayBuffers } = process.memoryUsage();
  assert.equal(codeOf(() => verify('qlik', 's', {}, body)), 'body_too_large');
  assert.ok(process.memoryUsage().arrayBuffers - arrayBuffers < 1 << 20);
});
