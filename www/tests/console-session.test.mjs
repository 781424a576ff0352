// Who is signed in, and what becomes of what was asked for when that ends.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { load } from './load.mjs';

const session = await load('/src/console/api/session.ts');
const { advice } = await load('/src/console/api/errors.ts');
const { SignedOut, me, refused, signOut, signedIn, state, validToken } = session;

const user = (id, tenant = 'acme') => ({ kind: 'user', id, name: id, roles: ['admin'], tenant: { name: tenant, dialect: 'native' }, expires_at: null });
const operator = (id) => ({ kind: 'operator', id, name: id, roles: [], tenant: null, expires_at: null });

afterEach(signOut);

test('what waits for a token goes on once the same user has another', async () => {
  signedIn('first', user('ada'), false);
  const asker = me.value;
  assert.equal(await validToken(asker), 'first');
  refused('first');
  assert.equal(state.value.kind, 'expired');
  const waiting = validToken(asker);
  signedIn('second', user('ada'), false);
  assert.equal(await waiting, 'second');
});

test('nobody does what somebody else has begun, in no other tenant either', async () => {
  for (const other of [user('bob'), user('ada', 'elsewhere'), operator('ada')]) {
    signedIn('first', user('ada'), false);
    const asker = me.value;
    refused('first');
    const waiting = validToken(asker);
    signedIn('second', other, false);
    await assert.rejects(waiting, SignedOut);
    // Nor what comes to ask only now.
    await assert.rejects(validToken(asker), SignedOut);
    assert.match(advice(new SignedOut()).what, /somebody else has signed in/);
    signOut();
  }
});

test('an operator is the same one in whichever tenant it acts', async () => {
  signedIn('first', operator('ops'), false);
  const asker = me.value;
  session.setActing('acme');
  session.known({ ...operator('ops'), tenant: { name: 'acme', dialect: 'qlik' } });
  assert.equal(await validToken(asker), 'first');
  refused('first');
  signedIn('second', operator('ops'), false);
  assert.equal(await validToken(asker), 'second');
  assert.deepEqual([session.actingIn.value, me.value.tenant.name], ['acme', 'acme']);
});

test('signing out gives up what waits, and a refusal that comes late ends no newer session', async () => {
  signedIn('first', user('ada'), false);
  const asker = me.value;
  refused('first');
  const waiting = validToken(asker);
  signOut();
  await assert.rejects(waiting, SignedOut);
  signedIn('second', user('ada'), false);
  refused('first');
  assert.equal(state.value.kind, 'in');
});
