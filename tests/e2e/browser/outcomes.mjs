// Runs in the browser, in a page or a worker: puts every vector to the package and reports, without a judgement, what
// came of it. See ../browser.test.mjs, which serves what is imported here.

import { canonicalize } from '/sigpost/canonical.js';
import { Verifier, sign } from '/sigpost/index.js';
import { Verifier as Slim } from '/sigpost/verify.js';
import { canonical, signature } from '/vectors.js';

const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const fromBase64 = (base64) => Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));

/** A body as the vectors write it. */
const bodyOf = ({ text, hex, repeat, times }) => text ?? (hex === undefined ? repeat.repeat(times) : fromHex(hex));

function verified(Class, { scheme, secrets, headers, body, now }) {
  try {
    const verifier = new Class(scheme, secrets, { now: () => now * 1000 });
    const { secretIndex, id = null, timestamp = null, signedBytes } = verifier.verify(headers, bodyOf(body));
    verifier.dispose();
    return { secretIndex, id, timestamp, signed: toHex(signedBytes) };
  } catch (error) {
    return { error: error.code ?? String(error) };
  }
}

function signed({ scheme, secrets, body, sign: how }) {
  const message = { body: bodyOf(body), id: how?.id ?? undefined, timestamp: how?.timestamp ?? undefined };
  return how && sign(scheme, secrets[0], message);
}

function canonicalized({ input, input_base64 }) {
  try {
    return { output: canonicalize(input ?? fromBase64(input_base64)) };
  } catch (error) {
    return { error: Number.isInteger(error.offset) ? error.name : String(error) };
  }
}

// As text: whatever carries it out of the browser cannot change it.
const outcomes = JSON.stringify({
  signature: signature.map((one) => ({ verified: verified(Verifier, one), slim: verified(Slim, one), signed: signed(one) })),
  canonical: canonical.map(canonicalized),
});

if (globalThis.document === undefined) {
  postMessage(outcomes);
} else {
  globalThis.outcomes = outcomes;
}
