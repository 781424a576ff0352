// Many verifiers and few places for their keys; many verifications and no memory for them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { randomOf } from './core.mjs';
import { alone, hosted } from './modes.mjs';
import { codeOf, sigpost, verifying } from './package.mjs';

const { sign } = sigpost;
const { below, one } = randomOf(9);
const ALGORITHMS = ['hmac-sha1', 'hmac-sha256', 'hmac-sha512'];
const run = (file, flags, ...args) => execFileSync(process.execPath, [...flags, fileURLToPath(new URL(file, import.meta.url)), ...args], { encoding: 'utf8' });

const BODIES = ['', 'small', 'l'.repeat(5000)];
const CASES = Array.from({ length: 100 }, (_, index) => {
  const scheme = { name: `x${index}`, header: 'x-sig', algorithm: one(ALGORITHMS) };
  const secrets = Array.from({ length: 1 + below(3) }, (_, which) => `secret ${index} ${which}`);
  return { scheme, secrets, signed: secrets.map((secret) => BODIES.map((body) => sign(scheme, secret, { body }))) };
});

/** One right request and a wrong one, at random. */
function ask(verifier, { secrets, signed }) {
  const [which, body] = [below(secrets.length), below(BODIES.length)];
  assert.equal(verifier.verify(signed[which][body], BODIES[body]).secretIndex, which);
  assert.equal(codeOf(() => verifier.verify(signed[which][body], `${BODIES[body]}!`)), 'mismatch');
  // Another's signature is not one either, nor of the form if its hash is another.
  const other = one(CASES.filter((other) => other.signed !== signed)).signed[0][body];
  assert.match(codeOf(() => verifier.verify(other, BODIES[body])), /^(mismatch|malformed_header)$/);
}

for (const [where, { Verifier }] of Object.entries({ 'with the host': hosted, 'without it': alone })) {
  test(`a hundred verifiers in turn and at random are each right, and after any of them is gone, ${where}`, () => {
    const verifiers = CASES.map(({ scheme, secrets }) => new Verifier(scheme, secrets));
    verifiers.forEach((verifier, index) => ask(verifier, CASES[index]));
    for (let round = 0; round < 1000; round += 1) {
      const index = below(100);
      ask(verifiers[index], CASES[index]);
    }
    const left = verifiers.map((_, index) => index);
    while (left.length) {
      const [gone] = left.splice(below(left.length), 1);
      verifiers[gone].dispose();
      assert.equal(codeOf(() => verifiers[gone].verify(CASES[gone].signed[0][0], '')), 'disposed');
      for (let round = 0; round < 3 && left.length; round += 1) {
        const index = one(left);
        ask(verifiers[index], CASES[index]);
      }
      // Another takes its place, with other keys.
      if (!below(3)) {
        const index = below(100);
        const verifier = new Verifier(CASES[index].scheme, CASES[index].secrets);
        ask(verifier, CASES[index]);
        verifier.dispose();
      }
    }
  });
}

test('a verifier of more secrets than there are places finds every one of them', () => {
  const secrets = Array.from({ length: 70 }, (_, index) => `secret ${index}`);
  const verifier = new sigpost.Verifier('immuta', secrets);
  for (const [index, secret] of [...secrets.entries(), ...[...secrets.entries()].reverse()]) {
    assert.equal(verifier.verify(sign('immuta', secret, { body: 'x' }), 'x').secretIndex, index);
  }
  assert.equal(codeOf(() => verifier.verify(sign('immuta', 'none', { body: 'x' }), 'x')), 'mismatch');
});

test('a trap in between leaves every verifier right, whoever it happened to', () => {
  const verifiers = CASES.map(({ scheme, secrets }) => new hosted.Verifier(scheme, secrets));
  let traps = 0;
  for (let round = 0; round < 400; round += 1) {
    const index = below(100);
    const { scheme, signed } = CASES[index];
    if (round % 10 === 0 && scheme.algorithm !== 'hmac-sha512') {
      const lost = new Uint8Array(verifying().exports.memory.buffer).fill(0xff);
      assert.equal(codeOf(() => verifiers[index].verify(signed[0][0], BODIES[0])), 'internal');
      assert.ok(lost.every((byte) => byte === 0), 'what was lost is not erased');
      traps += 1;
      // Whoever is disposed of now has nothing in the new instance.
      const gone = (index + 1) % 100;
      verifiers[gone].dispose();
      verifiers[gone] = new hosted.Verifier(CASES[gone].scheme, CASES[gone].secrets);
    }
    ask(verifiers[index], CASES[index]);
  }
  assert.ok(traps > 20, `${traps} traps`);
  verifiers.forEach((verifier) => verifier.dispose());
});

test('nothing in memory depends on a hundred secrets once their verifiers are gone', () => {
  const after = (...args) => run('slots.mjs', [], ...args);
  assert.equal(after('some secrets'), after('other secret'));
  // And the comparison can fail: by the one whose verifier is still there.
  assert.notEqual(after('some secrets', 'keep'), after('other secret', 'keep'));
});

test('a million verifications leave nothing behind, neither in the module nor in the heap nor beside it', () => {
  const { heapUsed, external, arrayBuffers, wasm } = JSON.parse(run('million.mjs', ['--expose-gc'], '1000000'));
  assert.equal(wasm, 0);
  assert.ok(heapUsed < 1 << 20, `the heap grew by ${heapUsed} bytes`);
  assert.ok(external < 1 << 18 && arrayBuffers < 1 << 18, `beside the heap grew ${external} and ${arrayBuffers} bytes`);
  // What is kept is noticed, a hundred times sooner.
  const kept = JSON.parse(run('million.mjs', ['--expose-gc'], '100000', 'keep'));
  assert.ok(kept.heapUsed > 1 << 20, JSON.stringify(kept));
});
