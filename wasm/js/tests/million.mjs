// A million verifications of all kinds; prints by how much the memories grew. For slots.test.mjs.

import { codeOf, sigpost, verifying } from './package.mjs';

const { Verifier, sign } = sigpost;
const [count, keep] = process.argv.slice(2);
const kept = [];

const small = '{"a":1}';
const large = Buffer.from(`"${'x'.repeat(1000)}"`);
const standard = new Verifier('standard-webhooks', ['new', 'old']);
const immuta = new Verifier('immuta', 's');
const headers = {
  standard: sign('standard-webhooks', 'new', { body: small, id: 'i' }),
  old: sign('standard-webhooks', 'old', { body: small, id: 'i' }),
  immuta: sign('immuta', 's', { body: small }),
  large: sign('immuta', 's', { body: large }),
  forged: sign('immuta', 'another', { body: small }),
};
const bytes = Buffer.from(small);

/** One verification, of the kind that is its turn. Errors are dear, so they are the rarest. */
function one(index) {
  if (index % 100 === 0) {
    codeOf(() => immuta.verify(headers.forged, small));
  } else if (index % 100 === 1) {
    codeOf(() => standard.verify({}, small));
  } else if (index % 100 === 2) {
    const verifier = new Verifier('immuta', 's');
    verifier.verify(headers.large, large);
    verifier.dispose();
  } else if (index % 10 === 3) {
    return immuta.verify(headers.large, large).event;
  } else if (index % 10 === 4) {
    return standard.verify(headers.old, bytes).signedBytes;
  } else if (index % 2) {
    return standard.verify(headers.standard, small).event;
  }
  return immuta.verify(headers.immuta, bytes);
}

const round = (count) => {
  for (let index = 0; index < count; index += 1) {
    const result = one(index);
    if (keep && index % 10 === 4) {
      kept.push(result);
    }
  }
};
function sizes() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { heapUsed, external, arrayBuffers, wasm: verifying().exports.memory.buffer.byteLength };
}

round(20_000);
const before = sizes();
round(Number(count));
const after = sizes();
const grown = Object.entries(after).map(([name, size]) => [name, size - before[name]]);
process.stdout.write(JSON.stringify(Object.fromEntries(grown)));
