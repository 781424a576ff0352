// What users hand in, brought into one form before anything is written to shared memory: from there on none of their
// code runs (getters, iterators, subclasses), so nothing can change what lies there.

import { isArrayBuffer, utf8Length, viewOf } from './bytes.js';
import { VerificationError, malformed } from './error.js';

/**
 * What was given, by itself, without what it inherits. Names that do not exist are refused: one letter amiss, and a check
 * that was asked for would never be made.
 *
 * `known` has a value for every name that does, whatever it is.
 */
export function own<Given extends object>(what: string, given: Given, known: object): Given {
  if (given === null || typeof given !== 'object') {
    throw new TypeError(`${what} is given as an object`);
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) {
      throw new TypeError(`${what} has no '${name}'; there is ${Object.keys(known).join(', ')}`);
    }
  }
  return Object.assign(Object.create(null), given) as Given;
}

/**
 * Anything that carries headers: `Headers`, Node's `request.headers`, pairs of name and value.
 *
 * @example
 * ```js
 * import { sign, verify } from 'sigpost';
 *
 * const headers = sign('qlik', 'secret', { body: '1' });
 * const alike = [headers, Object.entries(headers), new Headers(headers)];
 * alike.map((each) => verify('qlik', 'secret', each, '1').event); // [ 1, 1, 1 ]
 * ```
 */
export type HeadersLike =
  | { readonly [name: string]: string | readonly string[] | undefined }
  | Iterable<readonly [name: string, value: string]>
  | { get(name: string): string | null; readonly [Symbol.toStringTag]: string };

/**
 * The raw body, as it came.
 *
 * @example
 * ```js
 * import { sign, verify } from 'sigpost';
 *
 * const bytes = new TextEncoder().encode('"é"');
 * const headers = sign('qlik', 'secret', { body: bytes });
 * [bytes, bytes.buffer, '"é"'].map((body) => verify('qlik', 'secret', headers, body).event); // [ 'é', 'é', 'é' ]
 * ```
 */
export type Body = string | Uint8Array | ArrayBuffer;

const RAW_BODY = 'take the raw body (a string, Uint8Array or ArrayBuffer) before any body parser';

/**
 * The body as a string, or as a view of the bytes. A limit is enforced, and nothing is copied for it; then what other
 * threads can write to is copied.
 */
export function bodyOf(body: unknown, maxBytes: number): string | Uint8Array<ArrayBuffer> {
  const taken = typeof body === 'string' ? body : viewOf(body);
  if (taken === undefined) {
    throw new VerificationError('invalid_body', `the body is ${describe(body)}: ${RAW_BODY}`);
  }
  // A code unit has three bytes at the most, and most texts are far from the limit.
  const counts = typeof taken === 'string' && taken.length <= maxBytes && taken.length * 3 > maxBytes;
  if ((counts ? utf8Length(taken) : taken.length) > maxBytes) {
    throw new VerificationError('body_too_large', `the body is larger than ${maxBytes} bytes`);
  }
  return typeof taken === 'string' || isArrayBuffer(taken.buffer) ? taken : taken.slice();
}

function describe(value: unknown): string {
  if (value === null || value === undefined) {
    return String(value);
  }
  return value instanceof Promise ? 'a promise: await it' : typeof value === 'object' ? 'a parsed object' : `a ${typeof value}`;
}

/** The headers that are looked at, by their names in lower case. */
export interface Wanted {
  /** Whether there may be one only. */
  readonly names: ReadonlyMap<string, boolean>;
  /** A bit for each {@link sketch}, by which most others are told. */
  readonly sketches: number;
}

/** One of 32 bits for a name, the same in either case: by its length and first letter. */
const sketch = (name: string): number => 1 << (name.length ^ name.charCodeAt(0));

/** What is wanted, in the form in which it is looked for. */
export function wantedOf(names: readonly (readonly [name: string, once: boolean])[]): Wanted {
  return { names: new Map(names), sketches: names.reduce((bits, [name]) => bits | sketch(name), 0) };
}

/** What headers hold: visible ASCII and spaces. Anything else is malformed, never cut or mapped. */
export const TEXT = /^[ -~]*$/;

/** The longest that the headers of a signature are, names and values together. */
const MAX_HEADERS = 16384;

/** Those headers that are looked at, by their names in lower case. */
export function headersOf(headers: unknown, { names, sketches }: Wanted): Map<string, string> {
  if (headers === null || typeof headers !== 'object' || headers instanceof Promise) {
    throw new VerificationError('invalid_headers', `the headers are ${describe(headers)}, no headers`);
  }
  const found = new Map<string, string>();
  let size = 0;
  const add = (name: string, value: unknown): void => {
    let lower = name;
    let needed = names.get(name);
    // Letters beyond ASCII whose lower case is within it have no place in a name.
    if (needed === undefined && /^[!-~]*$/.test(name)) {
      lower = name.toLowerCase();
      needed = names.get(lower);
    }
    if (value === undefined || needed === undefined) {
      return;
    }
    const many = Array.isArray(value) ? (value as unknown[]) : undefined;
    for (let index = 0; index < (many ? many.length : 1); index += 1) {
      const one = many ? many[index] : value;
      if (typeof one !== 'string') {
        throw new VerificationError('invalid_headers', `header ${name} is ${describe(one)}, no string`, { header: name });
      }
      size += name.length + one.length;
      if (size > MAX_HEADERS) {
        throw new VerificationError('headers_too_large', 'the headers are too large');
      }
      if (needed && found.has(lower)) {
        const broken = [...found, [lower, one] as const].find(([name, text]) => names.get(name) && !TEXT.test(text));
        throw broken ? malformed(broken[0]) : new VerificationError('duplicate_header', `header ${lower} is there more than once`, { header: lower });
      }
      found.set(lower, one);
    }
  };
  if (Object.prototype.toString.call(headers) === '[object Headers]') {
    for (const name of names.keys()) {
      add(name, (headers as Headers).get(name) ?? undefined);
    }
  } else if (Symbol.iterator in headers) {
    for (const pair of headers as Iterable<unknown>) {
      if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') {
        throw new VerificationError('invalid_headers', 'headers are pairs of a name and a value');
      }
      add(pair[0], pair[1]);
    }
  } else {
    for (const name of Object.keys(headers)) {
      if (sketches & sketch(name)) {
        add(name, (headers as Record<string, unknown>)[name]);
      }
    }
  }
  return found;
}
