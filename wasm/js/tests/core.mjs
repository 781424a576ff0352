// The core's own answers, asked of its explainer without any of the package's TypeScript: `wasm/src/explain.rs` and
// `fields.rs` say how. So nothing that is tested has a part in what it is held to.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { folder } from './package.mjs';

const module = new WebAssembly.Module(readFileSync(join(folder, 'explain.wasm')));
const { exports: wasm } = new WebAssembly.Instance(module);

const LETTERS = { algorithm: 'a', encoding: 'e', prefix: 'p', separator: 'c', idHeader: 'i', timestampHeader: 't', timestampPrefix: 'T', tolerance: 'o', weakerHeader: 'w', body: 'b', key: 'k' };

function field(letter, value) {
  const bytes = Buffer.from(value);
  const head = Buffer.from(`${letter}    `);
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function schemeFields(scheme) {
  if (typeof scheme === 'string') {
    return [field('N', scheme)];
  }
  const given = Object.entries(LETTERS).filter(([name]) => scheme[name] !== undefined);
  return [
    field('n', scheme.name),
    field('h', scheme.header),
    ...given.map(([name, letter]) => field(letter, String(scheme[name]))),
    ...(scheme.signed ?? []).map((part) => (typeof part === 'string' ? field('s', part) : field('l', part.text))),
  ];
}

/**
 * What the core says of a request: undefined if it is genuine, else the code, and the header behind a colon if it is one.
 * `headers` are pairs; `now` is in seconds.
 */
export function coreOf(scheme, secrets, headers, body, now) {
  const question = Buffer.concat([
    field('S', Buffer.concat(schemeFields(scheme))),
    field('B', body),
    ...headers.flatMap(([name, value]) => [field('H', name), field('V', value)]),
    ...secrets.map((secret) => field('K', secret)),
  ]);
  const place = wasm.question(question.length) >>> 0;
  Buffer.from(wasm.memory.buffer).set(question, place);
  // Without effort: the verdict, and no search for mistakes.
  const length = wasm.explain(now * 1000, 0, 0);
  const answer = Buffer.from(wasm.memory.buffer, wasm.answer() >>> 0, length);
  const values = [];
  let letter;
  for (let at = 0; at < length && values.length < 2; ) {
    const end = at + 5 + answer.readUInt32LE(at + 1);
    letter ??= String.fromCharCode(answer[at]);
    values.push(answer.toString('utf8', at + 5, end));
    at = end;
  }
  wasm.forget();
  // No answer has a message in the second place, and no header.
  return values.length ? said(values[0], letter === 'v' ? values[1] : '') : undefined;
}

/** What {@link coreOf} would say if it threw this. */
export const said = (code, header) => (header ? `${code}: ${header}` : code);

/** Numbers that look random, and are the same in every run. */
export function randomOf(seed) {
  let state = seed;
  const below = (most) => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % most;
  };
  const one = (list) => list[below(list.length)];
  return {
    below,
    one,
    /** Mostly the first. */
    mostly: (usual, ...others) => (below(4) ? usual : one(others)),
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  };
}
