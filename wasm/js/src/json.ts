// The canonicalising module. It is one file of the package, which both entries that canonicalise share.

import { utf8Length, viewOf } from './bytes.js';
import type * as Border from './generated/canonical_border.js';
import source from './generated/canonical.wasm';
import { Instance, Trap } from './instance.js';
import { memoryOf, trim } from './memory.js';

const instance = new Instance<typeof Border>(source, { imports: { host: { number } } });
/** For {@link number}: the exports in use, where the text begins, and the text if it is a string of as many bytes. */
let border: typeof Border;
let begin = 0;
let ascii: string | undefined;
const encoder = new TextEncoder();
// What comes back is UTF-8 by construction, and a first U+FEFF would be content.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Up to this many characters or bytes a text needs next to no memory, whatever it holds. */
const SHORT = 1 << 16;
/** More memory than this is not kept for the next text. */
const KEPT = 16 << 20;

/**
 * What {@link canonicalize} throws for a text that is not JSON.
 *
 * @example
 * ```js
 * import { canonicalize } from 'sigpost/canonical';
 *
 * try {
 *   canonicalize('{"n":1,}');
 * } catch (error) {
 *   error.name; // 'SyntaxError'
 *   error.offset; // 7
 * }
 * ```
 */
export interface JsonSyntaxError extends SyntaxError {
  /** Where the text is wrong: in UTF-16 code units for a string, in bytes for bytes. */
  readonly offset: number;
}

/**
 * `JSON.stringify(JSON.parse(text))`, byte for byte, also where the engine's own JSON is wrong.
 *
 * Texts up to 512 MiB and 100,000 levels deep are read, which is more than `JSON` can write: for what strangers send,
 * bound the length yourself. Bytes must be UTF-8 without a byte order mark.
 *
 * @throws {@link JsonSyntaxError} where `JSON.parse` throws a `SyntaxError`, and for bytes that are no UTF-8.
 * @throws `RangeError` for a text beyond the limits or too large for the memory or the stack there is.
 *
 * @example
 * ```js
 * import { canonicalize } from 'sigpost/canonical';
 *
 * canonicalize('{ "b": 1.50, "1": "\\u00e9" }'); // '{"1":"é","b":1.5}'
 * ```
 */
export function canonicalize(text: string | Uint8Array | ArrayBuffer): string {
  return canonical(text, (bytes, input) => input ?? decoder.decode(bytes));
}

/**
 * The bytes of the canonical form, a copy.
 *
 * @internal
 */
export function canonicalBytes(text: string | Uint8Array | ArrayBuffer): Uint8Array<ArrayBuffer> {
  return canonical(text, (bytes) => bytes.slice());
}

type Place = { offset: number; message: string };
type Outcome<Result> = { result: Result } | (Place & { limits: boolean });
/** What is made of the result, which stands in the module's memory. `input` is a string that is the same. */
type Take<Result> = (bytes: Uint8Array<ArrayBuffer>, input: string | undefined) => Result;

function canonical<Result>(text: string | Uint8Array | ArrayBuffer, take: Take<Result>): Result {
  const input = typeof text === 'string' ? escaped(text) : view(text);
  const outcome = run(input, take);
  if ('result' in outcome) {
    return outcome.result;
  }
  const Class = outcome.limits ? RangeError : SyntaxError;
  const { offset, message } = typeof text === 'string' ? inUnits(text, outcome) : outcome;
  throw Object.assign(new Class(message), { offset });
}

/** The core speaks of bytes; whoever handed in a string sees code units and code points. */
function inUnits(text: string, { offset: bytes, message }: Place): Place {
  const offset = units(text, bytes);
  const point = (text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const said = message.replace(/ byte 0x../, ` U+${point}`).replace(`at offset ${bytes}`, `at offset ${offset}`);
  return { offset, message: said };
}

function run<Result>(input: string | Uint8Array, take: Take<Result>): Outcome<Result> {
  try {
    return instance.call((wasm): Outcome<Result> => {
      const most = wasm.max_bytes() >>> 0;
      const length = write(wasm, input, most);
      if (length === undefined) {
        return { limits: true, offset: most, message: `larger than ${most} bytes` };
      }
      border = wasm;
      begin = wasm.reserve(0) >>> 0;
      ascii = typeof input === 'string' && input.length === length ? input : undefined;
      const status = wasm.canonicalize(length);
      const start = wasm.result() >>> 0;
      const bytes = memoryOf(wasm).subarray(start, start + wasm.result_length());
      // The whole text, where it lies: nothing was changed.
      const same = typeof input === 'string' && status === length && start === begin;
      const outcome =
        status >= 0
          ? { result: take(bytes, same ? input : undefined) }
          : { limits: status === -2, offset: wasm.offset(), message: decoder.decode(bytes) };
      wasm.release();
      return outcome;
    });
  } catch (error) {
    // No text makes the module fail but for want of memory, and none fails to be decoded but for want of string. And
    // however short the text, the caller may have left too little of the stack.
    if (error instanceof Trap && (input.length > SHORT || isOverflow(error.cause))) {
      throw new RangeError('the text is too large, or too little of the stack is left', { cause: error });
    }
    throw error;
  } finally {
    ascii = undefined;
    trim(instance, KEPT);
  }
}

/** Whether an engine threw this at the end of the stack, for which Firefox has an error of its own. */
const isOverflow = (error: unknown): boolean =>
  error instanceof RangeError || (error instanceof Error && error.name === 'InternalError');

/** Puts the text where the module reads it. Its length in bytes; undefined for one that is longer than `most`. */
function write(wasm: typeof Border, input: string | Uint8Array, most: number): number | undefined {
  const room = (length: number, from = 0): Uint8Array => {
    const start = wasm.reserve(length) >>> 0;
    return memoryOf(wasm).subarray(start + from, start + length);
  };
  if (typeof input !== 'string') {
    if (input.length > most) {
      return undefined;
    }
    room(input.length).set(input);
    return input.length;
  }
  let length = 0;
  for (let rest = input; rest !== ''; ) {
    // Three bytes a code unit are always enough, but for a long text much to reserve: what does not fit needs more.
    const enough = length + (rest.length > SHORT ? rest.length : rest.length * 3);
    const { read, written } = encoder.encodeInto(rest, room(Math.min(enough, most), length));
    if (read === 0) {
      return undefined;
    }
    rest = rest.slice(read);
    length += written;
  }
  return length;
}

/**
 * The module's numbers: puts the canonical form of the one that is `length` bytes at `start` to `out`, and returns how
 * long that is; 0 when it is the same.
 */
function number(start: number, length: number, out: number): number {
  const bytes = memoryOf(border);
  const text = ascii?.slice(start - begin, start - begin + length) ?? decoder.decode(bytes.subarray(start, start + length));
  const value = Number(text);
  const form = Number.isFinite(value) ? String(value) : 'null';
  if (form === text) {
    return 0;
  }
  for (let at = 0; at < form.length; at += 1) {
    bytes[out + at] = form.charCodeAt(at);
  }
  return form.length;
}

function view(text: unknown): Uint8Array {
  const bytes = viewOf(text);
  if (!bytes) {
    throw new TypeError('canonicalize takes a JSON text (a string, Uint8Array or ArrayBuffer), not what it parses to');
  }
  return bytes;
}

/**
 * Half a surrogate pair has no UTF-8, but JSON has an escape for it, which means the same inside a string and is as
 * wrong outside one. After a backslash it stays, to be as wrong there too.
 */
function escaped(text: string & { isWellFormed?: () => boolean }): string {
  // Not known to every browser, but much faster.
  if (text.isWellFormed?.()) {
    return text;
  }
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
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    // Half a surrogate pair is an escape of six.
    bytes -= point >= 0xd800 && point < 0xe000 ? 6 : utf8Length(char);
    if (bytes < 0) {
      break;
    }
    index += char.length;
  }
  return index;
}
