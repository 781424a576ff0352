// Wycheproof's vectors through the built package. See tests/vectors/wycheproof/README.md.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { codeOf, sigpost } from './package.mjs';

const { Verifier, sign } = sigpost;

const json = async (name) => JSON.parse(await readFile(new URL(`../../../tests/vectors/wycheproof/${name}`, import.meta.url)));
const { files } = await json('expected.json');

for (const { file, algorithm, tagSize, whole, truncated } of files.filter(({ feature }) => !feature)) {
  test(`${algorithm} takes valid tags of full length and nothing else`, async () => {
    const scheme = { name: 'wycheproof', header: 'x-tag', algorithm };
    const counted = { whole: { valid: 0, invalid: 0 }, truncated: { valid: 0, invalid: 0 } };
    for (const group of (await json(file)).testGroups) {
      const length = group.tagSize === tagSize ? 'whole' : 'truncated';
      for (const { tcId, key, msg, tag, result } of group.tests) {
        const [secret, body] = [Buffer.from(key, 'hex'), Buffer.from(msg, 'hex')];
        const verifier = new Verifier(scheme, secret);
        const verify = () => verifier.verify({ 'x-tag': tag }, body);
        if (length === 'truncated') {
          assert.equal(codeOf(verify), 'malformed_header', `${file} ${tcId}`);
        } else if (result === 'valid') {
          assert.equal(verify().secretIndex, 0, `${file} ${tcId}`);
          assert.deepEqual(sign(scheme, secret, { body }), { 'x-tag': tag }, `${file} ${tcId}`);
        } else {
          assert.equal(codeOf(verify), 'mismatch', `${file} ${tcId}`);
        }
        verifier.dispose();
        counted[length][result] += 1;
      }
    }
    assert.deepEqual(counted, { whole, truncated });
  });
}

test('of the files only that of Ed25519 is absent, which this package does not know', () => {
  const absent = files.filter(({ feature }) => feature);
  assert.deepEqual([files.length, absent.map(({ file }) => file)], [4, ['ed25519_test.json']]);
  for (const { algorithm } of absent) {
    const scheme = { name: 'wycheproof', header: 'x-tag', algorithm };
    assert.equal(codeOf(() => new Verifier(scheme, 's')), 'invalid_scheme');
  }
});
