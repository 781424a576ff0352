// Explains requests with a secret, in ways that find something and in ways that find nothing or fail, and prints a digest
// of the module's memory. For explain.test.mjs.

import { createHash, createHmac } from 'node:crypto';

import { explaining, sigpost } from './package.mjs';

const { explain } = sigpost;
const [secret, keep] = process.argv.slice(2);

const ask = (held, body, headers, otherSecrets = []) => explain('qlik', held, headers, body, { otherSecrets });
const mac = (key, body, algorithm = 'sha256') => ({ 'qlik-signature': createHmac(algorithm, key).update(body).digest('hex') });

const whsec = `whsec_${Buffer.from(secret.padEnd(32)).toString('base64')}`;
for (const algorithm of ['sha1', 'sha256', 'sha512']) {
  ask(secret, '{ "a": 1 }', mac(secret, '{"a":1}', algorithm));
  ask([`"${secret}"`, whsec], 'x', mac(secret, 'x', algorithm), secret);
  ask([whsec, secret], '{"a":1}', mac('nobody', 'x', algorithm), [`${secret}\n`, whsec]);
}
for (const held of [[secret, ''], [secret.repeat(400)], [secret, undefined]]) {
  try {
    ask(held, 'x', {});
    process.exit(1);
  } catch (error) {
    if (error.name !== 'VerificationError') throw error;
  }
}
const { exports } = explaining();
if (keep) {
  new Uint8Array(exports.memory.buffer).set(Buffer.from(secret), exports.memory.buffer.byteLength - 64);
}
process.stdout.write(createHash('sha256').update(new Uint8Array(exports.memory.buffer)).digest('hex'));
