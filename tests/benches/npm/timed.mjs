// One runtime's side of the thresholds: the package in a process of its own, where the host's crypto is either hidden
// from it or watched. Runs in Node, Deno and Bun. Reads one JSON command a line, answers one JSON line each:
//   {"algorithm":NAME,"size":BYTES,"iterations":N} → {"nanoseconds":T,"host":whether the host hashed}

import { createInterface } from 'node:readline';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

import { Contender } from './measure.mjs';

const [folder, crypto] = process.argv.slice(2);
const SECRET = 'a secret of the benchmark';

const SCHEMES = {
  'SHA-1': 'immuta-sha1',
  'SHA-256': 'qlik',
  'SHA-512': { name: 'sha512', header: 'x-signature', algorithm: 'hmac-sha512' },
};

let calls = 0;

/** The host's crypto, which counts how often it is asked to hash. */
function watched(crypto) {
  const counting = (hash) => (...given) => {
    calls += 1;
    return hash(...given);
  };
  const { createHmac, hash } = crypto;
  const counted = { createHmac: { value: counting(createHmac) }, hash: { value: hash && counting(hash) } };
  return Object.create(crypto, counted);
}

// What the package looks for, before it does.
const original = process.getBuiltinModule?.bind(process);
const found = crypto === 'hidden' ? undefined : (name) => (name.endsWith('crypto') ? watched(original(name)) : original(name));
Object.defineProperty(globalThis.process, 'getBuiltinModule', { value: original && found });

const { Verifier, sign } = await import(pathToFileURL(join(folder, 'index.js')).href);

const made = new Map();

/** A verifier and what it verifies, made when first asked for. */
function contender(algorithm, size) {
  const key = `${algorithm} ${size}`;
  if (!made.has(key)) {
    const scheme = SCHEMES[algorithm];
    const body = new Uint8Array(size).fill(0x61);
    const verifier = new Verifier(scheme, SECRET);
    const headers = sign(scheme, SECRET, { body });
    made.set(key, [new Contender(key, (body) => verifier.verify(headers, body)), [body]]);
  }
  return made.get(key);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { algorithm, size, iterations } = JSON.parse(line);
  const [one, bodies] = contender(algorithm, size);
  calls = 0;
  const nanoseconds = await one.run(bodies, iterations);
  console.log(JSON.stringify({ nanoseconds, host: calls > 0 }));
}
