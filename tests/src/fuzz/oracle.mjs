// The oracle of oracle.rs: JSON.stringify(JSON.parse(document)) by the Node that runs this.
//
// Frames, both ways: length (u32, little endian), then as many bytes. The first frame that is written names the
// version of Node. Then each document that is read is answered, in order: a byte 1 and the canonical text, a byte 0 when
// it is refused, a byte 2 when it is read but too deep for the stack of JSON.stringify, or a byte 3 when it is no UTF-8,
// where a decoder would put U+FFFD unless it is told to refuse. A byte order mark is left for JSON.parse to refuse.

import { readSync, writeSync } from 'node:fs';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const REFUSED = Buffer.from([0]);
const ACCEPTED = Buffer.from([1]);
const TOO_DEEP = Buffer.from([2]);
const NOT_UTF8 = Buffer.from([3]);
const ANSWERS = 1 << 16;

let pending = [];
let pendingBytes = 0;

function flush() {
  const bytes = Buffer.concat(pending);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
  pending = [];
  pendingBytes = 0;
}

function send(...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length);
  pending.push(head, ...parts);
  pendingBytes += 4 + length;
}

function answer(document) {
  let value;
  try {
    value = JSON.parse(decoder.decode(document));
  } catch (error) {
    if (error instanceof SyntaxError) return send(REFUSED);
    if (error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return send(NOT_UTF8);
    // Anything else is no answer.
    throw error;
  }
  let text;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return send(TOO_DEEP);
  }
  send(ACCEPTED, Buffer.from(text));
}

send(Buffer.from(process.versions.node));
flush();

const chunk = Buffer.alloc(ANSWERS);
let input = Buffer.alloc(0);
for (;;) {
  const count = readSync(0, chunk);
  if (count === 0) break;
  input = Buffer.concat([input, chunk.subarray(0, count)]);
  let at = 0;
  while (input.length - at >= 4) {
    const end = at + 4 + input.readUInt32LE(at);
    if (end > input.length) break;
    answer(input.subarray(at + 4, end));
    if (pendingBytes >= ANSWERS) flush();
    at = end;
  }
  input = input.subarray(at);
  flush();
}
