// Prints what becomes of every shared vector: of its body as it is written, and as bytes. With `browser`, where there is
// nothing of Node's: neither `process` nor `Buffer`. For peers.test.mjs.

import crypto from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const { argv, env, stdout } = process;
const place = fileURLToPath(new URL('../../../tests/vectors/signature/', import.meta.url));
const files = readdirSync(place).filter((file) => file.endsWith('.json')).sort();
const cases = files.flatMap((file) => JSON.parse(readFileSync(join(place, file), 'utf8')).cases);
const bytesOf = ({ text, hex, repeat, times }) => new Uint8Array(hex === undefined ? Buffer.from(text ?? repeat.repeat(times)) : Buffer.from(hex, 'hex'));
const bodies = cases.map(({ body }) => bytesOf(body));

let tags = 0;
const { createHmac } = crypto;
crypto.createHmac = (...args) => ((tags += 1), createHmac(...args));
if (argv[2] === 'browser') {
  delete globalThis.process;
  delete globalThis.Buffer;
}
const { Verifier } = await import(pathToFileURL(join(env.SIGPOST_NPM, 'index.js')).href);

const outcome = (use) => {
  try {
    const { scheme, id, timestamp, secretIndex, signedBytes } = use();
    return [scheme, id, timestamp, secretIndex, signedBytes.join()];
  } catch (error) {
    return [error.name, error.code, error.header, error.message];
  }
};
const outcomes = cases.flatMap(({ scheme, secrets, headers, body, now }, index) => {
  const verify = (body) => outcome(() => new Verifier(scheme, secrets, { now: () => now * 1000 }).verify(headers, body));
  const { text, repeat, times } = body;
  return [verify(bodies[index]), verify(text ?? repeat?.repeat(times) ?? bodies[index])];
});
stdout.write(JSON.stringify({ tags, outcomes }));
