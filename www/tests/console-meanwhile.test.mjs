// What somebody has changed in a form, when somebody else has changed the same thing meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';

const user = await load('/src/console/operator/user-draft.ts');
const tenant = await load('/src/console/operator/tenant-draft.ts');
const { collide } = await load('/src/console/operator/collide.ts');

const ada = { id: 'ada', name: 'Ada', roles: ['admin', 'user'], spaces: 'a\nb' };

test('a changed user says only what is different', () => {
  assert.deepEqual(user.changeOf(ada, ada), {});
  assert.deepEqual(user.changeOf(ada, { ...ada, name: ' Ada ', spaces: ' a\n\nb' }), {}, 'the same');
  assert.deepEqual(user.changeOf(ada, { ...ada, name: 'Grace' }), { name: 'Grace' });
  assert.deepEqual(user.changeOf(ada, { ...ada, roles: [], spaces: '' }), { roles: [], spaces: [] });
});

test('what somebody else has taken out of a list is not put back, and what they put in stays', () => {
  const mine = { ...ada, roles: ['admin', 'user', 'sender'], spaces: 'a' };
  const now = { ...ada, name: 'Countess', roles: ['user'], spaces: 'a\nb\nc' };
  assert.deepEqual(user.rebased(ada, mine, now), { id: 'ada', name: 'Countess', roles: ['user', 'sender'], spaces: 'a\nc' });
  const before = { ...tenant.NEW, name: 't', allow: '10.0.0.0/8\n10.1.0.0/16', timeout: '10s', retention: '7d' };
  assert.deepEqual(
    tenant.rebased(before, { ...before, allow: `${before.allow}\n10.2.0.0/16`, timeout: '3s' }, { ...before, allow: '10.0.0.0/8', timeout: '5s', retention: '1d' }),
    { ...before, allow: '10.0.0.0/8\n10.2.0.0/16', timeout: '3s', retention: '1d' },
  );
});

test('only the same thing made into two different ones has to be looked at', () => {
  assert.equal(collide(ada, { ...ada, name: 'Grace' }, { ...ada, roles: ['user'] }), false, 'another thing');
  assert.equal(collide(ada, { ...ada, roles: ['user'] }, { ...ada, roles: ['user'] }), false, 'the same change');
  assert.equal(collide(ada, { ...ada, roles: [] }, { ...ada, roles: ['user'] }), true);
});
