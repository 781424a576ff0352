// The canonicalising module. It is one file of the package, which both entries that canonicalise share.

import { utf8Length, viewOf } from './bytes.js';
import type * as Border from './generated/canonical_border.js';
import source from './generated/canonical.wasm';
import { Instance, Trap } from './instance.js';

const instance = new Instance<typeof Border>(source);
const encoder = new TextEncoder();
// What comes back is UTF-8 by construction, and a first U+FEFF would be content.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Up to this many characters or bytes a text needs next to no memory, whatever it holds. */
const SHORT = 1 << 16;
/** More memory than this is not kept for the next text. */
const KEPT = 16 << 20;

/** What {@link canonicalize} throws for a text that is not JSON. */
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

type Place = { offset: number; message: string };
type Outcome<Result> = { result: Result } | (Place & { limits: boolean });

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

function run<Result>(
  input: string | Uint8Array,
  take: (bytes: Uint8Array<ArrayBuffer>) => Result,
): Outcome<Result> {
  try {
    return instance.call((wasm): Outcome<Result> => {
      const most = wasm.max_bytes() >>> 0;
      const length = write(wasm, input, most);
      if (length === undefined) {
        return { limits: true, offset: most, message: `larger than ${most} bytes` };
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
  } catch (error) {
    // No text makes the module fail but for want of memory, and none fails to be decoded but for want of string. And
    // however short the text, the caller may have left too little of the stack.
    if (error instanceof Trap && (input.length > SHORT || isOverflow(error.cause))) {
      throw new RangeError('the text is too large for this runtime, or too little of its stack is left', { cause: error });
    }
    throw error;
  } finally {
    instance.trim(KEPT);
  }
}

/** Whether an engine threw this at the end of the stack, for which Firefox has an error of its own. */
const isOverflow = (error: unknown): boolean =>
  error instanceof RangeError || (error instanceof Error && error.name === 'InternalError');

/** Puts the text where the module reads it. Its length in bytes; undefined for one that is longer than `most`. */
function write(wasm: typeof Border, input: string | Uint8Array, most: number): number | undefined {
  const room = (length: number): Uint8Array => {
    const start = wasm.reserve(length) >>> 0;
    return instance.bytes(wasm).subarray(start, start + length);
  };
  if (typeof input !== 'string') {
    if (input.length > most) {
      return undefined;
    }
    room(input.length).set(input);
    return input.length;
  }
  // Three bytes a code unit are always enough, but for a long text much to reserve.
  const enough = input.length > SHORT ? utf8Length(input) : input.length * 3;
  const { read, written } = encoder.encodeInto(input, room(Math.min(enough, most)));
  return read < input.length ? undefined : written;
}

function view(text: unknown): Uint8Array {
  const bytes = viewOf(text);
  if (!bytes) {
    throw new TypeError('canonicalize takes a string, a Uint8Array or an ArrayBuffer: the JSON text, not what it parses to');
  }
  return bytes;
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
