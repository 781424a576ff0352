/**
 * JSON in the one form that JavaScript gives it.
 *
 * @packageDocumentation
 */

import type * as Border from './generated/canonical_border.js';
import base64 from './generated/canonical.wasm';
import { Instance } from './instance.js';

const instance = new Instance<typeof Border>(base64);
const encoder = new TextEncoder();
// What comes back is UTF-8 by construction, and a first U+FEFF would be content.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What {@link canonicalize} throws for a text that is not JSON. */
export interface JsonSyntaxError extends SyntaxError {
  /** Where the text is wrong: in UTF-16 code units for a string, in bytes for bytes. */
  readonly offset: number;
}

/**
 * `JSON.stringify(JSON.parse(text))`, byte for byte, also where the engine's own JSON is wrong.
 *
 * Texts up to 16 MiB and 1,000 levels deep are read. Bytes must be UTF-8 without a byte order mark.
 *
 * @throws {@link JsonSyntaxError} where `JSON.parse` throws a `SyntaxError`, and for bytes that are no UTF-8.
 * @throws `RangeError` for a text beyond the limits.
 *
 * @example
 * ```js
 * import { canonicalize } from 'sigpost/canonical';
 *
 * canonicalize('{ "b": 1.50, "1": "\\u00e9" }'); // '{"1":"é","b":1.5}'
 * ```
 */
export function canonicalize(text: string | Uint8Array | ArrayBuffer): string {
  return canonical(text, (bytes) => decoder.decode(bytes));
}

/**
 * The bytes of the canonical form, a copy.
 *
 * @internal
 */
export function canonicalBytes(text: string | Uint8Array | ArrayBuffer): Uint8Array<ArrayBuffer> {
  return canonical(text, (bytes) => bytes.slice());
}

type Outcome<Result> = { result: Result } | { limits: boolean; offset: number; message: string };

function canonical<Result>(
  text: string | Uint8Array | ArrayBuffer,
  take: (bytes: Uint8Array<ArrayBuffer>) => Result,
): Result {
  const input = typeof text === 'string' ? escaped(text) : view(text);
  const outcome = run(input, take);
  if ('result' in outcome) {
    return outcome.result;
  }
  const Class = outcome.limits ? RangeError : SyntaxError;
  const offset = typeof text === 'string' ? units(text, outcome.offset) : outcome.offset;
  throw Object.assign(new Class(outcome.message), { offset });
}

function run<Result>(
  input: string | Uint8Array,
  take: (bytes: Uint8Array<ArrayBuffer>) => Result,
): Outcome<Result> {
  return instance.call((wasm): Outcome<Result> => {
    // A limit on what is copied; what is wrong with a longer text, the core says of as much as it may read.
    const most = wasm.max_bytes() >>> 0;
    if (input.length > most) {
      return { limits: true, offset: most, message: `larger than ${most} bytes` };
    }
    const room = typeof input === 'string' ? Math.min(input.length * 3, most) : input.length;
    const address = wasm.reserve(room) >>> 0;
    const target = instance.bytes(wasm).subarray(address, address + room);
    let length = input.length;
    if (typeof input === 'string') {
      const { read, written } = encoder.encodeInto(input, target);
      if (read < input.length) {
        return { limits: true, offset: most, message: `larger than ${most} bytes` };
      }
      length = written;
    } else {
      target.set(input);
    }
    const status = wasm.canonicalize(length);
    const start = wasm.result() >>> 0;
    const bytes = instance.bytes(wasm).subarray(start, start + wasm.result_length());
    const outcome =
      status >= 0
        ? { result: take(bytes) }
        : { limits: status === -2, offset: wasm.offset(), message: decoder.decode(bytes) };
    wasm.release();
    return outcome;
  });
}

function view(text: unknown): Uint8Array {
  if (text instanceof Uint8Array) {
    return text;
  }
  if (text instanceof ArrayBuffer || Object.prototype.toString.call(text) === '[object ArrayBuffer]') {
    return new Uint8Array(text as ArrayBuffer);
  }
  throw new TypeError('canonicalize takes a string, a Uint8Array or an ArrayBuffer: the JSON text, not what it parses to');
}

/**
 * Half a surrogate pair has no UTF-8, but JSON has an escape for it, which means the same inside a string and is as
 * wrong outside one. After a backslash it stays, to be as wrong there too.
 */
function escaped(text: string): string {
  return text.replace(/[\ud800-\udfff]/gu, (half, at: number) => {
    let slashes = 0;
    while (text[at - slashes - 1] === '\\') {
      slashes += 1;
    }
    return slashes % 2 === 1 ? half : `\\u${half.charCodeAt(0).toString(16)}`;
  });
}

/** The offset in code units of an offset in bytes of the UTF-8 that {@link escaped} stands for. */
function units(text: string, bytes: number): number {
  let index = 0;
  for (let rest = bytes; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    // Either half of a pair counts two; alone, a half is an escape of six.
    const paired = unit < 0xdc00 ? isLow(text.charCodeAt(index + 1)) : isHigh(text.charCodeAt(index - 1));
    const surrogate = isHigh(unit) || isLow(unit);
    rest -= unit < 0x80 ? 1 : unit < 0x800 ? 2 : !surrogate ? 3 : paired ? 2 : 6;
    if (rest < 0) {
      break;
    }
  }
  return index;
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

