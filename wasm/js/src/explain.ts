/**
 * Says why a signature does not match.
 *
 * @packageDocumentation
 */

import { bytesOf } from './core.js';
import type { Body, HeadersLike, Part, PresetName, Scheme, Secret, VerificationCode } from './core.js';
import { utf8Length } from './bytes.js';
import { VerificationError } from './error.js';
import type * as Border from './generated/explain_border.js';
import source from './generated/explain.wasm';
import type { HintCode, MistakeCode } from './generated/mistakes.js';
import { bodyOf, own } from './inputs.js';
import { Instance, Trap } from './instance.js';
import { memoryOf, trim } from './memory.js';
import { planOf } from './scheme.js';

export { VerificationError } from './error.js';
export type { Body, HeadersLike, PresetName, Scheme, Secret, VerificationCode } from './core.js';
export type { HintCode, MistakeCode } from './generated/mistakes.js';

/**
 * Settings of {@link explain}. A name that is none of these is a `TypeError`.
 *
 * @example
 * ```js
 * import { explain, sign } from 'sigpost';
 *
 * const headers = sign('qlik', 'that of orders', { body: '{}' });
 * const { mistakes } = explain('qlik', 'that of users', headers, '{}', { otherSecrets: ['that of orders'] });
 * mistakes[0].code; // 'another_secret'
 * ```
 */
export interface ExplainOptions {
  /** Secrets of your other webhooks, which might have been confused with this one's. */
  readonly otherSecrets?: Secret | readonly Secret[];
  /** The time in milliseconds since 1970; `Date.now` unless said. */
  readonly now?: () => number;
  /** The longest body that is looked at, in bytes; 16 MiB unless said. */
  readonly maxBytes?: number;
  /** How much is tried. */
  readonly effort?: Effort;
}

/**
 * How much {@link explain} tries; unless said, what takes below a second.
 *
 * @example
 * ```js
 * import { explain, sign } from 'sigpost';
 *
 * const headers = sign('qlik', 'another secret', { body: '{}' });
 * explain('qlik', 'secret', headers, '{}', { effort: { hashedBytes: 1024 } }).exhausted; // true
 * ```
 */
export interface Effort {
  /** The longest body that others are made from, in bytes; 1 MiB unless said. */
  readonly longestBody?: number;
  /** How many bytes are hashed in all; 128 MiB unless said. */
  readonly hashedBytes?: number;
}

/**
 * Something that makes the signature match once it is mended: proven, not guessed.
 *
 * @example
 * ```js
 * import { explain, sign } from 'sigpost';
 *
 * const headers = sign('github', 'secret', { body: '{}\n' });
 * const [mistake] = explain('github', 'secret', headers, '{}').mistakes;
 * mistake.code; // 'newline_dropped'
 * mistake.message; // 'the line break at the end of the body was lost'
 * ```
 */
export interface Mistake {
  /** Its name, which never changes. */
  readonly code: MistakeCode;
  /** What it is. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/**
 * Something that can be seen without the signature, and is worth a look when nothing is proven.
 *
 * @example
 * ```js
 * import { explain, sign } from 'sigpost';
 *
 * const headers = sign('github', 'secret', { body: '{"n":1}' });
 * const [hint] = explain('github', 'secret', headers, '[object Object]').hints;
 * hint.code; // 'object_object'
 * hint.message; // 'the body is "[object Object]": a parsed body was turned to text; hand over the raw one'
 * ```
 */
export interface Hint {
  /** Its name, which never changes. */
  readonly code: HintCode;
  /** What it is. */
  readonly message: string;
}

/**
 * The request is genuine.
 *
 * @example
 * ```js
 * import { explain, sign } from 'sigpost';
 *
 * const headers = sign('qlik', 'secret', { body: '{}' });
 * explain('qlik', 'secret', headers, '{}').verdict; // 'genuine'
 * ```
 */
export interface GenuineExplanation {
  readonly verdict: 'genuine';
  readonly mistakes: readonly [];
  readonly hints: readonly [];
  readonly exhausted: false;
}

/**
 * The request is refused.
 *
 * @example
 * ```js
 * import { explain } from 'sigpost';
 *
 * const refused = explain('qlik', 'secret', {}, '{}');
 * refused.verdict; // 'refused'
 * refused.code; // 'missing_header'
 * refused.header; // 'qlik-signature'
 * ```
 */
export interface RefusedExplanation {
  readonly verdict: 'refused';
  /** Why, as a {@link VerificationError} has it. */
  readonly code: VerificationCode;
  /** The header that it is refused for, if it is one. */
  readonly header?: string;
  /** Why, for people. */
  readonly message: string;
  /** What makes the signature match once all of it is mended; nothing if that was not found. */
  readonly mistakes: readonly Mistake[];
  /** What else is worth a look; only where no mistake was proven. */
  readonly hints: readonly Hint[];
  /** Not everything was tried: the {@link Effort} did not suffice. */
  readonly exhausted: boolean;
}

/**
 * What is wrong with a request. Nothing in it is, or holds, a computed signature or a key.
 *
 * @example
 * ```ts
 * import type { Explanation } from 'sigpost';
 *
 * export const summary = (explanation: Explanation): string =>
 *   explanation.verdict === 'genuine'
 *     ? 'genuine'
 *     : [explanation.message, ...explanation.mistakes.map(({ fix }) => fix)].join('; ');
 * ```
 */
export type Explanation = GenuineExplanation | RefusedExplanation;

const OPTIONS = { otherSecrets: 0, now: 0, maxBytes: 0, effort: 0 } satisfies Record<keyof ExplainOptions, 0>;
const EFFORT = { longestBody: 0, hashedBytes: 0 } satisfies Record<keyof Effort, 0>;

/** The longest body, as a verifier has it. */
const MAX_BYTES = 16 * 1024 * 1024;
/** More than any server accepts. In characters. */
const MAX_HEADERS = 256 * 1024;
/** More memory than this is not kept for the next question. */
const KEPT = 16 << 20;

const instance = new Instance<typeof Border>(source, { secret: true, lazy: true });
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Tries the mistakes that people make: undoes one or two, signs again, and looks whether the request's signature is the
 * result. For your own log, and on purpose: whoever sent the request is told nothing but 401.
 *
 * Hand over all headers, and the body as your program has it. It needs up to a second; the module is compiled by the
 * first call.
 *
 * @throws {@link VerificationError} for what is wrong with the arguments, as a verifier would.
 *
 * @example
 * ```js
 * import { explain, sign } from 'sigpost';
 *
 * const headers = sign('qlik', 'the secret', { body: '{"n":1}' });
 * const { mistakes } = explain('qlik', 'the secret\n', headers, '{ "n": 1 }');
 * mistakes.map(({ code }) => code); // [ 'reserialized', 'secret_space_around' ]
 * mistakes[1].message; // 'there is white space around the secret'
 * mistakes[1].fix; // 'trim the secret: a file or a variable often ends with a line break'
 * ```
 */
export function explain(
  scheme: PresetName | Scheme,
  secrets: Secret | readonly Secret[],
  headers: HeadersLike,
  rawBody: Body,
  options: ExplainOptions = {},
): Explanation {
  const given = own('an explanation', options, OPTIONS);
  const { otherSecrets = [], now = Date.now, maxBytes = MAX_BYTES, effort = {} } = given;
  if (effort === null || typeof effort !== 'object') {
    throw new VerificationError('invalid_option', 'effort is an object of longestBody and hashedBytes');
  }
  const { longestBody, hashedBytes } = own('an effort', effort, EFFORT);
  if (typeof now !== 'function' || ![maxBytes, longestBody ?? 0, hashedBytes ?? 0].every(isAmount)) {
    throw new VerificationError('invalid_option', 'maxBytes, longestBody and hashedBytes are whole numbers');
  }
  const asked: Field[] = [['S', encode(schemeFields(scheme))], ['B', bodyOf(rawBody, maxBytes)]];
  const fields = [...asked, ...headerFields(headers)];
  const time = now();
  if (!Number.isFinite(time)) {
    throw new VerificationError('invalid_option', 'now() returned no time');
  }
  const copies: Uint8Array<ArrayBuffer>[] = [];
  try {
    for (const [letter, given] of [['K', secrets], ['O', otherSecrets]] as const) {
      for (const secret of Array.isArray(given) ? (given as readonly Secret[]) : [given as Secret]) {
        const copy = bytesOf(secret);
        copies.push(copy);
        fields.push([letter, copy]);
      }
    }
    return ask(fields, time, effort);
  } finally {
    copies.forEach((copy) => copy.fill(0));
  }
}

/** Writes a scheme down for the core. */
function schemeFields(scheme: PresetName | Scheme): Field[] {
  const plan = planOf(scheme);
  if (typeof scheme === 'string') {
    return [['N', scheme]];
  }
  const given: readonly (readonly [letter: string, value: string | undefined])[] = [
    ['n', plan.name],
    ['h', plan.header],
    ['a', ALGORITHMS[plan.hash]],
    ['e', plan.encoding],
    ['p', plan.prefix],
    ['c', plan.separator],
    ['i', plan.idHeader],
    ['t', plan.timestampHeader],
    ['T', plan.timestampPrefix],
    ['o', plan.tolerance?.toString()],
    ['w', plan.weakerHeader],
    ['b', plan.canonical ? 'canonical' : 'raw'],
    ['k', plan.key],
  ];
  const signed: readonly Part[] = [...plan.before, 'body', ...plan.after];
  return [
    ...given.filter((field): field is [string, string] => field[1] !== undefined),
    ...signed.map((part): Field => (typeof part === 'string' ? ['s', part] : ['l', part.text])),
  ];
}

const ALGORITHMS = { 1: 'hmac-sha1', 2: 'hmac-sha256', 5: 'hmac-sha512' } as const;

/** All headers: what is wrong with a request may stand in any of them. */
function headerFields(headers: unknown): Field[] {
  if (headers === null || typeof headers !== 'object') {
    throw new VerificationError('invalid_headers', 'the headers are no headers');
  }
  const fields: Field[] = [];
  let length = 0;
  for (const pair of Symbol.iterator in headers ? (headers as Iterable<unknown>) : Object.entries(headers)) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') {
      throw new VerificationError('invalid_headers', 'a list of headers holds pairs of a name and a value');
    }
    const [name, value] = pair as [string, unknown];
    for (const one of Array.isArray(value) ? (value as unknown[]) : value === undefined ? [] : [value]) {
      if (typeof one !== 'string') {
        throw new VerificationError('invalid_headers', `header ${name} is no string`, { header: name });
      }
      length += name.length + one.length;
      fields.push(['H', name], ['V', one]);
    }
  }
  if (length > MAX_HEADERS) {
    throw new VerificationError('headers_too_large', `the headers have more than ${MAX_HEADERS} characters`);
  }
  return fields;
}

const isAmount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

/** Has a question answered. Nothing of it stays in the module's memory. */
function ask(question: readonly Field[], now: number, { longestBody = NaN, hashedBytes = NaN }: Effort): Explanation {
  try {
    return read(
      instance.call((wasm) => {
        const length = lengthOf(question);
        // The address first: making room may replace the memory's view.
        const place = wasm.question(length) >>> 0;
        write(question, memoryOf(wasm).subarray(place, place + length));
        const told = wasm.explain(now, longestBody, hashedBytes);
        const answer = wasm.answer() >>> 0;
        const fields = decode(memoryOf(wasm).subarray(answer, answer + told));
        wasm.forget();
        return fields;
      }),
    );
  } catch (error) {
    if (error instanceof Trap) {
      throw new VerificationError('internal', error.message, { cause: error.cause });
    }
    throw error;
  } finally {
    trim(instance, KEPT);
  }
}

/** The answer, from the fields that wasm/src/explain.rs describes. */
function read(fields: readonly (readonly [letter: string, text: string])[]): Explanation {
  const mistakes: { code: MistakeCode; message: string; fix: string }[] = [];
  const hints: { code: HintCode; message: string }[] = [];
  let refused: { code: VerificationCode; header?: string; message: string } | undefined;
  let exhausted = false;
  for (const [index, [letter, text]] of fields.entries()) {
    const after = (count: number): string => fields[index + count]?.[1] ?? '';
    switch (letter) {
      case 'e':
        throw new VerificationError(text as VerificationCode, after(1));
      case 'v':
        refused = { code: text as VerificationCode, ...(after(1) && { header: after(1) }), message: after(2) };
        break;
      case 'c':
        mistakes.push({ code: text as MistakeCode, message: after(1), fix: after(2) });
        break;
      case 'h':
        hints.push({ code: text as HintCode, message: after(1) });
        break;
      case 'x':
        exhausted = true;
        break;
    }
  }
  return refused
    ? { verdict: 'refused', ...refused, mistakes, hints, exhausted }
    : { verdict: 'genuine', mistakes: [], hints: [], exhausted: false };
}

/** A letter and a value. In memory the length of the value stands between, in four bytes. */
type Field = readonly [letter: string, value: string | Uint8Array];

const sizeOf = (value: string | Uint8Array): number => (typeof value === 'string' ? utf8Length(value) : value.length);

const lengthOf = (fields: readonly Field[]): number => fields.reduce((sum, [, value]) => sum + 5 + sizeOf(value), 0);

function write(fields: readonly Field[], to: Uint8Array<ArrayBuffer>): void {
  const view = new DataView(to.buffer, to.byteOffset, to.length);
  let place = 0;
  for (const [letter, value] of fields) {
    const start = place + 5;
    if (typeof value === 'string') {
      place = start + encoder.encodeInto(value, to.subarray(start)).written;
    } else {
      to.set(value, start);
      place = start + value.length;
    }
    view.setUint8(start - 5, letter.charCodeAt(0));
    view.setUint32(start - 4, place - start, true);
  }
}

function encode(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lengthOf(fields));
  write(fields, bytes);
  return bytes;
}

function decode(bytes: Uint8Array<ArrayBuffer>): [letter: string, text: string][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields: [string, string][] = [];
  for (let place = 0; place < bytes.length; ) {
    const end = place + 5 + view.getUint32(place + 1, true);
    fields.push([String.fromCharCode(view.getUint8(place)), decoder.decode(bytes.subarray(place + 5, end))]);
    place = end;
  }
  return fields;
}
