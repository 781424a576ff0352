// Uses more verifiers than the module has places for keys, disposes of them, and prints a digest of the module's memory.
// For slots.test.mjs: the first argument is what the secrets have in common, the second says what to leave out.

import { createHash } from 'node:crypto';

import { randomOf } from './core.mjs';
import { codeOf, sigpost, verifying } from './package.mjs';

const { Verifier, sign } = sigpost;
const [common, keep] = process.argv.slice(2);
const { below } = randomOf(1);

const secrets = Array.from({ length: 100 }, (_, index) => `${common} ${index}`);
const verifiers = secrets.map((secret, index) => new Verifier(index % 2 ? 'immuta' : 'immuta-sha1', [secret, `${secret} of before`]));
for (let round = 0; round < 300; round += 1) {
  const index = below(100);
  const body = `${round}`;
  verifiers[index].verify(sign(index % 2 ? 'immuta' : 'immuta-sha1', secrets[index], { body }), body);
}
// The last ones have their keys in the module still.
const last = verifiers.pop();
while (verifiers.length) {
  verifiers.splice(below(verifiers.length), 1)[0].dispose();
}
if (keep !== 'keep') {
  last.dispose();
}
const quiet = new Verifier('qlik', 'nobody');
codeOf(() => quiet.verify({ 'qlik-signature': '0'.repeat(64) }, 'x'));
if (keep === 'keep') {
  codeOf(() => last.verify(sign('immuta', 'nobody', { body: 'z' }), 'z'));
}
quiet.dispose();
process.stdout.write(createHash('sha256').update(new Uint8Array(verifying().exports.memory.buffer)).digest('hex'));
