// Uses a secret in every way, also in those that are refused, disposes of it, and prints a digest of the module's memory. For memory.test.mjs.

import { createHash } from 'node:crypto';

import { failures } from './failures.mjs';
import { codeOf, sigpost, verifying } from './package.mjs';

const { Verifier, sign, standardSecret } = sigpost;
const [secret, keep] = process.argv.slice(2);

const body = 'x'.repeat(40_000);
const headers = sign('immuta', secret, { body });
const verifiers = [
  new Verifier('immuta', [secret, `${secret} of before`]),
  new Verifier('immuta-sha1', secret),
  new Verifier('standard-webhooks', secret, { now: () => 1_700_000_000_000 }),
];
verifiers[0].verify(headers, body);
verifiers[1].verify(sign('immuta-sha1', secret, { body }), body);
verifiers[2].verify(sign('standard-webhooks', secret, { body, id: 'i', timestamp: 1_700_000_000 }), body);
standardSecret(secret);
for (const verifier of verifiers) {
  codeOf(() => verifier.verify({ 'qlik-signature': 'x' }, 'x'));
}
if (!keep) {
  verifiers.forEach((verifier) => verifier.dispose());
}
for (const fail of Object.values(failures(secret))) {
  try {
    fail();
  } catch {
    // They all throw, as memory.test.mjs makes sure.
  }
}
if (keep) {
  // Others have taken its key's place in the meantime.
  verifiers[0].verify(sign('immuta', secret, { body: 'z' }), 'z');
}
process.stdout.write(createHash('sha256').update(new Uint8Array(verifying().exports.memory.buffer)).digest('hex'));
