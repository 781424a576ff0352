import assert from 'node:assert/strict';
import { test } from 'node:test';

import { VerificationError, explain, schemes, sign, verify } from '../../wasm/js/dist/index.js';
import { load } from './load.mjs';

const { readSamples } = await load('/samples.ts');
const { recognise } = await load('/src/playground/recognise.ts');
const samples = await readSamples();

const bytesOf = ({ body }) => Buffer.from(body.text ?? body.base64, body.text === undefined ? 'base64' : 'utf8');

/** The headers of a sample, signed as the page signs those that come without a signature. */
function headersOf(sample) {
  if (sample.sign === undefined) return sample.headers;
  const signed = sign(sample.sign, sample.secrets[0], { body: bytesOf(sample), id: 'msg_sample', timestamp: Math.floor(sample.now / 1000) });
  return [...sample.headers, ...Object.entries(signed)];
}

test('every scheme and every system has a sample, and no two share an id', () => {
  const group = (name) => samples.filter((sample) => sample.group === name).map(({ scheme }) => scheme);
  assert.deepEqual(group('Signed by each scheme').sort(), Object.keys(schemes).sort());
  assert.deepEqual([...new Set(group('Sent by each system'))].sort(), ['generic', 'immuta', 'immuta-request', 'qlik', 'standard-webhooks']);
  assert.equal(new Set(samples.map(({ id }) => id)).size, samples.length);
  for (const { id } of samples) assert.match(id, /^[a-z0-9-]+$/);
});

for (const sample of samples) {
  test(`sample ${sample.id} is ${sample.expect}`, () => {
    const { scheme, secrets, now } = sample;
    const options = { now: () => now };
    let verdict = 'genuine';
    try {
      verify(scheme, secrets, headersOf(sample), bytesOf(sample), options);
    } catch (error) {
      assert.ok(error instanceof VerificationError, error);
      verdict = error.code;
    }
    assert.equal(verdict, sample.expect);
    const { mistakes } = explain(scheme, secrets, headersOf(sample), bytesOf(sample), options);
    assert.equal(mistakes[0]?.code, sample.mistake);
    assert.ok(recognise(headersOf(sample), bytesOf(sample)).some((candidate) => candidate.scheme === scheme));
  });
}

test('the samples are small enough to be loaded when they are asked for', () => {
  const size = Buffer.byteLength(JSON.stringify(samples));
  assert.ok(size < 60_000, `${size} bytes`);
});
