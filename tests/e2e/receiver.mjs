// A receiver as users write it: Node's http server and the built npm package. It verifies each delivery with every
// scheme asked for, has an independent implementation check the same bytes, and makes sure that one flipped bit is
// rejected.
//
//   SIGPOST_NPM=FOLDER SIGPOST_SECRET=… node receiver.mjs --scheme immuta [--scheme …] [--status 200]
//
// Standard output: first {"listening":"http://127.0.0.1:PORT"}, then one line a delivery:
//   {"ok", "code", "scheme", "headers", "bodyBase64", "results":[{"scheme", "ok", "code", "independent", "flipped"}]}
// `ok` is true if every scheme accepts the delivery, the independent implementation agrees, and the flipped bit was
// rejected; `code` and `scheme` are those of the first rejection. The answer is then --status, else 401.

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

import { verifies } from './independent.mjs';
import { importPackage } from './package.mjs';

const BODY_LIMIT = 8 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    scheme: { type: 'string', multiple: true, default: [] },
    status: { type: 'string', default: '200' },
  },
});
const secret = process.env.SIGPOST_SECRET;
if (!secret || values.scheme.length === 0) {
  console.error('usage: SIGPOST_NPM=FOLDER SIGPOST_SECRET=… node receiver.mjs --scheme NAME … [--status CODE]');
  process.exit(2);
}
const { Verifier } = await importPackage();
const verifiers = values.scheme.map((scheme) => ({ scheme, verifier: new Verifier(scheme, secret) }));

const server = createServer(async (request, response) => {
  try {
    const body = await read(request);
    const verdict = judge(request.headers, body);
    console.log(JSON.stringify(verdict));
    response.writeHead(verdict.ok ? Number(values.status) : 401).end();
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ listening: `http://127.0.0.1:${server.address().port}` }));
});
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});

function judge(headers, body) {
  const results = verifiers.map(({ scheme, verifier }) => {
    const code = rejection(verifier, headers, body);
    const independent = verifies(scheme, secret, headers, body);
    const flipped = rejection(verifier, headers, flip(body));
    return { scheme, ok: code === null && independent && flipped !== null, code, independent, flipped };
  });
  const bad = results.find((result) => !result.ok);
  return {
    ok: bad === undefined,
    code: bad?.code ?? null,
    scheme: (bad ?? results[0]).scheme,
    headers,
    bodyBase64: body.toString('base64'),
    results,
  };
}

/** The code of the package's rejection; null if it accepts. Anything but a VerificationError is a defect. */
function rejection(verifier, headers, body) {
  try {
    const { signedBytes } = verifier.verify(headers, body);
    if (Buffer.compare(Buffer.from(signedBytes), body) !== 0) {
      throw new Error('the package accepted other bytes than the body');
    }
    return null;
  } catch (error) {
    if (error?.name !== 'VerificationError' || typeof error.code !== 'string') {
      throw error;
    }
    return error.code;
  }
}

/** A copy with the lowest bit of its middle byte flipped; a body of no bytes gets one. */
function flip(body) {
  const copy = body.length === 0 ? Buffer.from([0]) : Buffer.from(body);
  copy[copy.length >> 1] ^= 1;
  return copy;
}

async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > BODY_LIMIT) {
      throw new Error(`a body over ${BODY_LIMIT} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
