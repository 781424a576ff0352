import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';
import { repeated } from './random.mjs';

const text = await load('/src/playground/text.ts');

test('every notation reads what it writes, and writes what Node writes', () =>
  repeated(200, ({ bytes }) => {
    const given = bytes(40);
    const node = Buffer.from(given);
    assert.equal(text.toBase64(given), node.toString('base64'));
    assert.equal(text.toBase64url(given), node.toString('base64url'));
    assert.equal(text.toHex(given), node.toString('hex'));
    assert.deepEqual(text.fromBase64(text.toBase64(given)), given);
    assert.deepEqual(text.fromBase64url(text.toBase64url(given)), given);
    assert.deepEqual(text.fromHex(text.toHex(given).toUpperCase()), given);
    assert.deepEqual(text.latin1Bytes(text.latin1(given)), given);
  }));

test('what is not written by rule is refused with its place', () => {
  for (const [read, given, offset] of [
    ['fromBase64', 'AA', 2],
    ['fromBase64', 'AB==', 1],
    ['fromBase64', 'AAB=', 2],
    ['fromBase64', 'AA A', 2],
    ['fromBase64', 'A===', 1],
    ['fromBase64', '=', 1],
    ['fromBase64', 'AA-_', 2],
    ['fromBase64url', 'AA==', 2],
    ['fromBase64url', 'AAA+', 3],
    ['fromBase64url', 'A', 0],
    ['fromBase64url', 'A_', 1],
    ['fromHex', 'abc', 2],
    ['fromHex', 'ag', 1],
  ]) {
    assert.throws(() => text[read](given), { name: 'NotationError', offset }, `${read} ${given}`);
  }
});

test('only UTF-8 is text, and a byte order mark stays', () => {
  assert.equal(text.textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa');
  assert.equal(text.textOf(Uint8Array.of(0xff)), undefined);
  assert.equal(text.textOf(Uint8Array.of(0xed, 0xa0, 0x80)), undefined);
  assert.equal(text.latin1Bytes('€'), undefined);
});

test('megabytes are no trouble', () => {
  const given = new Uint8Array(5 << 20).fill(200);
  assert.deepEqual(text.fromBase64url(text.toBase64url(given)), given);
});
