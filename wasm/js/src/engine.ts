// The verifying module: what goes in, what comes out. It decides nothing: every judgement is the core's.

import { viewOf } from './bytes.js';
import { VerificationError, codeOf } from './error.js';
import type * as Border from './generated/verify_border.js';
import base64 from './generated/verify.wasm';
import { refuseUnknown } from './inputs.js';
import { Instance, Trap } from './instance.js';
import type { Part, Preset, PresetName, Scheme } from './scheme.js';

/** A shared secret: its text, or bytes. */
export type Secret = string | Uint8Array | ArrayBuffer;

type Wasm = typeof Border;

const instance = new Instance<Wasm>(base64, true);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Closes verifiers that nobody disposed of. */
const forgotten = new FinalizationRegistry<Key>((key) => key.close());

/** A failure as the core told it: a code, a header, a message. */
class Failure {
  constructor(readonly text: string) {}

  error(): VerificationError {
    const [code = '', header = '', message = ''] = this.text.split('\n', 3);
    return new VerificationError(codeOf(code), message, { header });
  }
}

/** Calls the module; what it says is wrong, and a trap, become the one error that users know. */
function call<Result>(use: (wasm: Wasm) => Result | Failure): Result {
  let result: Result | Failure;
  try {
    result = instance.call(use);
  } catch (error) {
    if (error instanceof Trap) {
      throw new VerificationError('internal', error.message, { cause: error.cause });
    }
    throw error;
  }
  if (result instanceof Failure) {
    throw result.error();
  }
  return result;
}

/** The part of memory that both sides write to. */
function shared(wasm: Wasm): Uint8Array<ArrayBuffer> {
  const start = wasm.buffer() >>> 0;
  return instance.bytes(wasm).subarray(start, start + wasm.buffer_length());
}

const failure = (wasm: Wasm, status: number): Failure => new Failure(read(wasm, -status));

const read = (wasm: Wasm, length: number): string => decoder.decode(shared(wasm).subarray(0, length));

/** Writes fields: a letter, the length of the value in two bytes, the value as UTF-8. */
class Fields {
  #end = 0;
  #fits = true;

  constructor(readonly buffer: Uint8Array<ArrayBuffer>) {}

  /** The length of all fields; undefined if they do not fit. */
  get length(): number | undefined {
    return this.#fits ? this.#end : undefined;
  }

  add(letter: string, value: string): this {
    const start = this.#end + 3;
    if (!this.#fits || start + value.length > this.buffer.length) {
      this.#fits = false;
      return this;
    }
    let end = start;
    for (let index = 0; index < value.length; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) {
        // Never cut to a byte, which would make another text of it.
        const { read, written } = encoder.encodeInto(value, this.buffer.subarray(start));
        this.#fits = read === value.length;
        end = start + written;
        break;
      }
      this.buffer[end] = unit;
      end += 1;
    }
    this.buffer[this.#end] = letter.charCodeAt(0);
    this.buffer[this.#end + 1] = (end - start) & 0xff;
    this.buffer[this.#end + 2] = (end - start) >> 8;
    this.#end = end;
    return this;
  }
}

/** Gives the module a scheme and secrets. */
function provide(wasm: Wasm, scheme: SchemeFields, secrets: readonly Uint8Array[]): Failure | undefined {
  const fields = new Fields(shared(wasm));
  for (const [letter, value] of scheme) {
    fields.add(letter, value);
  }
  if (fields.length === undefined) {
    return new Failure('invalid_scheme\n\nthe scheme is too long');
  }
  let status = wasm.scheme(fields.length);
  for (const secret of secrets) {
    if (status < 0) {
      break;
    }
    shared(wasm).set(secret);
    status = wasm.secret(secret.length);
  }
  return status < 0 ? failure(wasm, status) : undefined;
}

/** Hands a body over in pieces. */
function feed(wasm: Wasm, body: string | Uint8Array<ArrayBuffer>, update: (length: number) => number): void {
  const buffer = shared(wasm);
  for (let start = 0; start < body.length; ) {
    let length: number;
    if (typeof body === 'string') {
      const piece = encoder.encodeInto(start === 0 ? body : body.slice(start), buffer);
      start += piece.read;
      length = piece.written;
    } else {
      length = Math.min(body.length - start, buffer.length);
      buffer.set(length === body.length ? body : body.subarray(start, start + length));
      start += length;
    }
    update(length);
  }
}

/** A scheme as the module reads it. */
export type SchemeFields = readonly (readonly [letter: string, value: string])[];

const SCHEME = {
  name: 0,
  header: 0,
  algorithm: 0,
  encoding: 0,
  prefix: 0,
  separator: 0,
  signed: 0,
  idHeader: 0,
  timestampHeader: 0,
  timestampPrefix: 0,
  weakerHeader: 0,
  tolerance: 0,
  body: 0,
  key: 0,
  // What is derived from the others, so that a preset can be given as data.
  replay: 0,
} satisfies Record<keyof Preset, 0>;

const PARTS = new Set<unknown>(['body', 'id', 'timestamp']);
const LITERAL = { text: 0 } satisfies Record<keyof Exclude<Part, string>, 0>;

/** Writes a scheme down for the core, which judges it. */
export function schemeFields(scheme: PresetName | Scheme): SchemeFields {
  if (typeof scheme === 'string') {
    return [['N', scheme]];
  }
  if (scheme === null || typeof scheme !== 'object') {
    throw new VerificationError('invalid_scheme', 'a scheme is the name of a preset or an object');
  }
  refuseUnknown('a scheme', scheme, SCHEME);
  const fields: [string, string][] = [
    ['n', scheme.name],
    ['h', scheme.header],
  ];
  const optional = {
    a: scheme.algorithm,
    e: scheme.encoding,
    p: scheme.prefix,
    c: scheme.separator,
    i: scheme.idHeader,
    t: scheme.timestampHeader,
    T: scheme.timestampPrefix,
    o: scheme.tolerance === undefined ? undefined : String(scheme.tolerance),
    w: scheme.weakerHeader,
    b: scheme.body,
    k: scheme.key,
  };
  for (const [letter, value] of Object.entries(optional)) {
    if (value !== undefined) {
      fields.push([letter, value]);
    }
  }
  if (scheme.signed !== undefined) {
    fields.push(['g', ''], ...signedFields(scheme.signed));
  }
  if (fields.some(([, value]) => typeof value !== 'string')) {
    throw new VerificationError('invalid_scheme', 'the texts of a scheme are strings');
  }
  return fields;
}

function signedFields(signed: readonly Part[]): [string, string][] {
  if (!Array.isArray(signed)) {
    throw new VerificationError('invalid_scheme', 'what is signed is a list of parts');
  }
  // A list with holes has fewer parts than it says; copied, it says so.
  return [...(signed as readonly Part[])].map((part) => {
    if (PARTS.has(part)) {
      return ['s', part as string];
    }
    const literal = part as Exclude<Part, string> | null;
    if (literal !== null && typeof literal === 'object') {
      refuseUnknown('a fixed text that is signed', literal, LITERAL);
    }
    // No text at all is refused with the other texts.
    return ['l', literal?.text as string];
  });
}

/** The bytes of secrets, copies that can be erased; none is left if one of the secrets is none. */
export function secretBytes(secrets: Secret | readonly Secret[]): Uint8Array<ArrayBuffer>[] {
  const copies: Uint8Array<ArrayBuffer>[] = [];
  try {
    for (const secret of Array.isArray(secrets) ? (secrets as readonly Secret[]) : [secrets as Secret]) {
      copySecret(secret, copies);
    }
    return copies;
  } catch (error) {
    erase(copies);
    throw error;
  }
}

/** Erases copies of secrets. */
export function erase(copies: readonly Uint8Array[]): void {
  copies.forEach((copy) => copy.fill(0));
}

function copySecret(secret: Secret, copies: Uint8Array<ArrayBuffer>[]): void {
  if (secret === undefined || secret === null) {
    throw new VerificationError('no_secret', `the secret is ${secret}: is the environment set?`);
  }
  // Two texts with halves of surrogate pairs would be one secret.
  if (typeof secret === 'string' && /[\ud800-\udfff]/u.test(secret)) {
    throw new VerificationError('invalid_secret', 'the secret is no text: it holds half a surrogate pair');
  }
  const bytes = typeof secret === 'string' ? encoder.encode(secret) : viewOf(secret)?.slice();
  if (!bytes) {
    throw new VerificationError('invalid_secret', 'a secret is a string, a Uint8Array or an ArrayBuffer');
  }
  copies.push(bytes);
  if (bytes.length > MAX_SECRET) {
    throw new VerificationError('invalid_secret', `a secret has at most ${MAX_SECRET} bytes`);
  }
}

const MAX_SECRET = 4096;

/** What the core says of a genuine request. */
export interface Genuine {
  secretIndex: number;
  id: string | undefined;
  timestamp: number | undefined;
}

/** A scheme with its secrets, absorbed in the module's memory, and again in the next instance if that is lost. */
export class Key {
  readonly #scheme: SchemeFields;
  readonly #tolerance: number;
  #secrets: Uint8Array<ArrayBuffer>[] | undefined;
  #handle = -1;
  #generation = -1;
  /** The headers that the scheme looks at. */
  readonly headers: ReadonlySet<string>;
  /** Whether it signs the canonical form of the body. */
  readonly canonical: boolean;

  /**
   * Takes the secrets over: they are erased when this throws or is closed.
   *
   * `tolerance`: not a number for the scheme's, below 0 for any age.
   */
  constructor(scheme: SchemeFields, secrets: Uint8Array<ArrayBuffer>[], tolerance: number) {
    this.#scheme = scheme;
    this.#secrets = secrets;
    this.#tolerance = tolerance;
    try {
      const [names, canonical] = call((wasm) => {
        const failed = this.#open(wasm, secrets);
        if (failed) {
          return failed;
        }
        const names = read(wasm, wasm.header_names(this.#handle));
        return [names, wasm.is_canonical(this.#handle) === 1] as const;
      });
      this.headers = new Set(names.trimEnd().split('\n'));
      this.canonical = canonical;
    } catch (error) {
      // Nobody has a verifier that could be disposed of.
      this.close();
      throw error;
    }
  }

  /** Closes `key` when `owner` is forgotten. */
  static watch(owner: object, key: Key): void {
    forgotten.register(owner, key, key);
  }

  /** Starts to judge a request, by its headers: names and values in turn. */
  begin(headers: readonly string[]): void {
    const secrets = this.#secrets;
    if (!secrets) {
      throw new VerificationError('disposed', 'the verifier was disposed of');
    }
    call((wasm) => {
      const failed = this.#open(wasm, secrets);
      if (failed) {
        return failed;
      }
      const fields = new Fields(shared(wasm));
      for (const text of headers) {
        fields.add('h', text);
      }
      if (fields.length === undefined) {
        return new Failure('headers_too_large\n\nthe headers are too large to be a signature');
      }
      const status = wasm.begin(this.#handle, fields.length);
      return status < 0 ? failure(wasm, status) : undefined;
    });
  }

  /** Judges the request that was begun last, by what was signed of it. `now` is in milliseconds since 1970. */
  finish(body: string | Uint8Array<ArrayBuffer>, now: number): Genuine {
    return call((wasm) => {
      feed(wasm, body, wasm.update);
      const status = wasm.finish(now);
      if (status < 0) {
        return failure(wasm, status);
      }
      const [timestamp, id] = [wasm.timestamp(), wasm.id_length()];
      return {
        secretIndex: status,
        id: id > 0 ? read(wasm, id) : undefined,
        timestamp: timestamp < 0 ? undefined : timestamp,
      };
    });
  }

  /** Erases the key, here and in the module. */
  close(): void {
    forgotten.unregister(this);
    erase(this.#secrets ?? []);
    this.#secrets = undefined;
    if (this.#handle >= 0 && this.#generation === instance.generation) {
      const handle = this.#handle;
      this.#handle = -1;
      call((wasm) => wasm.close(handle));
    }
  }

  /** Makes the key in an instance that does not have it. */
  #open(wasm: Wasm, secrets: readonly Uint8Array[]): Failure | undefined {
    if (this.#generation === instance.generation) {
      return undefined;
    }
    const failed = provide(wasm, this.#scheme, secrets);
    if (failed) {
      return failed;
    }
    const handle = wasm.open(this.#tolerance);
    if (handle < 0) {
      return failure(wasm, handle);
    }
    this.#handle = handle;
    this.#generation = instance.generation;
    return undefined;
  }
}

/** The headers that sign a body. `canonicalize` makes what is signed when the scheme signs the canonical form. */
export function signed(
  scheme: SchemeFields,
  secrets: readonly Uint8Array<ArrayBuffer>[],
  message: { body: string | Uint8Array<ArrayBuffer>; id: string; timestamp: number },
  canonicalize: (body: string | Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
): Record<string, string> {
  const canonical = call((wasm) => provide(wasm, scheme, []) ?? wasm.will_be_canonical() === 1);
  const body = canonical ? canonicalize(message.body) : message.body;
  const lines = call((wasm) => {
    const failed = provide(wasm, scheme, secrets);
    if (failed) {
      return failed;
    }
    const { read: taken, written } = encoder.encodeInto(message.id, shared(wasm));
    let status = wasm.sign_begin(taken === message.id.length ? written : 0, message.timestamp);
    if (status >= 0) {
      feed(wasm, body, wasm.sign_update);
      status = wasm.sign_finish();
    }
    return status < 0 ? failure(wasm, status) : read(wasm, status);
  }).split('\n');
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < lines.length; index += 2) {
    headers[lines[index] as string] = lines[index + 1] as string;
  }
  return headers;
}

/** The Standard Webhooks form of a secret. */
export function standardForm(secrets: readonly Uint8Array<ArrayBuffer>[]): string {
  return call((wasm) => {
    const failed = provide(wasm, [['N', 'standard-webhooks']], secrets);
    if (failed) {
      return failed;
    }
    const status = wasm.standard_secret();
    const text = status < 0 ? failure(wasm, status) : read(wasm, status);
    wasm.wipe();
    return text;
  });
}
