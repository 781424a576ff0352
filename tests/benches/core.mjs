// V8's side of the benchmark `core`: one process that holds the documents and times JSON.parse + JSON.stringify.
// Reads one JSON command a line, answers one JSON line each:
//   {"load":NAME,"base64":DOCUMENT}            → {"base64":what V8 makes of it}
//   {"run":NAME,"kind":KIND,"iterations":N}    → {"nanoseconds":T}
// KIND is `text` (string to string) or `bytes` (decoding and encoding included, as a receiver of bytes needs).

import { createInterface } from 'node:readline';

const documents = new Map();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const kinds = {
  text: ({ text }) => JSON.stringify(JSON.parse(text)).length,
  bytes: ({ bytes }) => encoder.encode(JSON.stringify(JSON.parse(decoder.decode(bytes)))).length,
};

function load({ load: name, base64 }) {
  const bytes = Buffer.from(base64, 'base64');
  const text = decoder.decode(bytes);
  documents.set(name, { bytes, text });
  return { base64: Buffer.from(JSON.stringify(JSON.parse(text))).toString('base64') };
}

function run({ run: name, kind, iterations }) {
  const [document, once] = [documents.get(name), kinds[kind]];
  let total = 0;
  const start = process.hrtime.bigint();
  for (let i = 0; i < iterations; i += 1) {
    total += once(document);
  }
  const nanoseconds = Number(process.hrtime.bigint() - start);
  if (total === 0) {
    throw new Error('V8 was allowed to skip the work');
  }
  return { nanoseconds };
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  console.log(JSON.stringify('load' in command ? load(command) : run(command)));
}
