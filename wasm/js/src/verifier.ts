/// <reference lib="esnext.disposable" preserve="true" />

import { Key, erase, schemeFields, secretBytes, signed, standardForm } from './engine.js';
import type { Secret } from './engine.js';
import { VerificationError } from './error.js';
import { bodyOf, headersOf, refuseUnknown } from './inputs.js';
import type { Body, HeadersLike } from './inputs.js';
import { replayOf } from './scheme.js';
import type { PresetName, Replay, Scheme } from './scheme.js';

/** Settings of a verifier. A name that is none of these is a `TypeError`. */
export interface VerifierOptions {
  /**
   * How far the signed time may be off, in seconds, either way; `null` accepts any age. The scheme's own unless said.
   * An error for a scheme that signs no time.
   */
  readonly tolerance?: number | null;
  /** The time in milliseconds since 1970; `Date.now` unless said. */
  readonly now?: () => number;
  /** The longest body that is looked at, in bytes as it came; 16 MiB unless said. */
  readonly maxBytes?: number;
  /**
   * What is signed: `raw`, the bytes that came, or `canonical`, `JSON.stringify` of what they parse to, for platforms
   * that hand out only a parsed body. The scheme's own unless said, and every preset's is `raw`.
   */
  readonly body?: 'raw' | 'canonical';
}

/** A request that is genuine. */
export interface Verified<Event = unknown> {
  /**
   * The payload, parsed from the signed bytes when it is first asked for. A byte order mark before it is passed over.
   *
   * @throws {@link VerificationError} `not_json` if the signed bytes are no JSON in UTF-8.
   */
  readonly event: Event;
  /**
   * Exactly the bytes that were signed, or their canonical form: a copy, so what you do to your buffer later changes
   * nothing.
   */
  readonly signedBytes: Uint8Array;
  /** The scheme's name. */
  readonly scheme: string;
  /** The message id, if the scheme signs one: the same for every attempt to deliver the same thing. */
  readonly id?: string;
  /** When it was signed, in seconds since 1970, if the scheme signs that. */
  readonly timestamp?: number;
  /** Which of the secrets it was signed with, counted from 0. */
  readonly secretIndex: number;
}

/** What to sign. */
export interface Message {
  /** The body that will travel. */
  readonly body: Body;
  /** The message id, for schemes that sign one: 1 to 256 visible ASCII characters, no dot. */
  readonly id?: string;
  /** The time in seconds since 1970, for schemes that sign one; now unless said. */
  readonly timestamp?: number;
}

/** Makes the canonical form of a body, where there is the module for it. */
export type Canonicalize = (body: string | Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

const MAX_BYTES = 16 * 1024 * 1024;

const OPTIONS = { tolerance: 0, now: 0, maxBytes: 0, body: 0 } satisfies Record<keyof VerifierOptions, 0>;
const MESSAGE = { body: 0, id: 0, timestamp: 0 } satisfies Record<keyof Message, 0>;

/** In the entry without the canonicaliser. */
export const noCanonical: Canonicalize = () => {
  throw new VerificationError('invalid_option', "the canonical form is not in 'sigpost/verify': import from 'sigpost'");
};

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** What both entries' `Verifier` is. */
export abstract class BaseVerifier {
  /** The scheme's name. */
  readonly scheme: string;
  /** What the scheme offers against replays: nothing, a signed time, a signed id, or both. */
  readonly replay: Replay;
  /** The longest body that is looked at, in bytes. */
  readonly maxBytes: number;
  readonly #key: Key;
  readonly #now: () => number;
  readonly #canonicalize: Canonicalize | undefined;

  /** @internal */
  protected constructor(
    scheme: PresetName | Scheme,
    secrets: Secret | readonly Secret[],
    options: VerifierOptions,
    canonicalize: Canonicalize,
  ) {
    refuseUnknown('a verifier', options, OPTIONS);
    const { tolerance, now = Date.now, maxBytes = MAX_BYTES, body } = options;
    const known = body === undefined || body === 'raw' || body === 'canonical';
    if (!known || typeof now !== 'function' || !isAmount(maxBytes) || !(tolerance == null || isAmount(tolerance))) {
      throw new VerificationError('invalid_option', 'tolerance and maxBytes are whole numbers, body is raw or canonical');
    }
    const fields = schemeFields(scheme);
    this.scheme = typeof scheme === 'string' ? scheme : scheme.name;
    this.replay = replayOf(scheme);
    // From here on no code of the caller's runs, which could throw and leave a key that nobody can dispose of.
    this.#key = new Key(fields, secretBytes(secrets), tolerance === undefined ? NaN : (tolerance ?? -1));
    const canonical = body === undefined ? this.#key.canonical : body === 'canonical';
    if (canonical && canonicalize === noCanonical) {
      this.#key.close();
      noCanonical('');
    }
    Key.watch(this, this.#key);
    this.#now = now;
    this.maxBytes = maxBytes;
    this.#canonicalize = canonical ? canonicalize : undefined;
  }

  /**
   * Verifies a request by its headers and its raw body.
   *
   * @throws {@link VerificationError} unless it is genuine.
   */
  verify<Event = unknown>(headers: HeadersLike, rawBody: Body): Verified<Event> {
    const body = bodyOf(rawBody, this.maxBytes);
    const found = headersOf(headers, this.#key.headers);
    const now = this.#now();
    if (!Number.isFinite(now)) {
      throw new VerificationError('invalid_option', 'now() returned no time');
    }
    // The headers first: without a signature, a body costs nothing. Then what is verified, which nobody else can change:
    // not while it is verified, as in shared memory, and not before it is read as the event.
    this.#key.begin(found);
    const signed = this.#canonicalize ? canonicalOf(this.#canonicalize, body) : copyOf(body);
    return new Genuine(this.scheme, signed, this.#key.finish(signed, now)) as Verified<Event>;
  }

  /**
   * Erases the keys. What verifies after that is an error. The secret as you hold it, a JavaScript string for example,
   * cannot be erased by anybody.
   */
  dispose(): void {
    this.#key.close();
  }

  /** {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

// Before Node 20.4 and in some browsers there is no such symbol, and the method above is then named "undefined".
if (!Symbol.dispose) {
  Reflect.deleteProperty(BaseVerifier.prototype, 'undefined');
}

/** `verify` of both entries. */
export function verifyWith<Event>(verifier: BaseVerifier, headers: HeadersLike, rawBody: Body): Verified<Event> {
  try {
    return verifier.verify<Event>(headers, rawBody);
  } finally {
    verifier.dispose();
  }
}

/** `sign` of both entries. */
export function signWith(
  canonicalize: Canonicalize,
  scheme: PresetName | Scheme,
  secret: Secret,
  message: Message,
): Record<string, string> {
  refuseUnknown('a message', message, MESSAGE);
  const body = bodyOf(message.body, Infinity);
  const { id = '', timestamp = Math.floor(Date.now() / 1000) } = message;
  if (typeof id !== 'string' || typeof timestamp !== 'number') {
    throw new VerificationError('invalid_id', 'an id is a string, a timestamp a number');
  }
  const secrets = secretBytes([secret]);
  try {
    return signed(schemeFields(scheme), secrets, { body, id, timestamp }, (raw) => canonicalOf(canonicalize, raw));
  } finally {
    erase(secrets);
  }
}

/**
 * The Standard Webhooks key of a secret, as every library of that standard takes it: itself if it is `whsec_` and
 * base64 of 24 to 64 bytes, else derived from it. Sigpost signs `webhook-signature` with it.
 *
 * @example
 * ```js
 * import { standardSecret } from 'sigpost';
 *
 * standardSecret('0123456789abcdef0123456789abcdef'); // 'whsec_Yts+H2PG6sBj0PomR54jP6Z8/n9JGHibTgwjY7hDPuA='
 * ```
 */
export function standardSecret(secret: Secret): string {
  const secrets = secretBytes([secret]);
  try {
    return standardForm(secrets);
  } finally {
    erase(secrets);
  }
}

const copyOf = (body: string | Uint8Array<ArrayBuffer>): string | Uint8Array<ArrayBuffer> =>
  typeof body === 'string' ? body : body.slice();

function canonicalOf(canonicalize: Canonicalize, raw: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  try {
    return canonicalize(raw);
  } catch (error) {
    // What is wrong with the body is wrong somewhere; a memory that does not suffice is no fault of the sender's.
    if (error instanceof Error && 'offset' in error) {
      throw new VerificationError('not_json', `the body is not JSON: ${error.message}`, { cause: error });
    }
    throw error instanceof VerificationError
      ? error
      : new VerificationError('internal', 'the canonicaliser failed', { cause: error });
  }
}

const isAmount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

class Genuine implements Verified {
  declare readonly id?: string;
  declare readonly timestamp?: number;
  readonly scheme: string;
  readonly secretIndex: number;
  #signed: string | Uint8Array<ArrayBuffer>;
  #shown: Uint8Array<ArrayBuffer> | undefined;
  #event: { value: unknown } | undefined;

  constructor(
    scheme: string,
    body: string | Uint8Array<ArrayBuffer>,
    { secretIndex, id, timestamp }: { secretIndex: number; id: string | undefined; timestamp: number | undefined },
  ) {
    this.scheme = scheme;
    this.secretIndex = secretIndex;
    this.#signed = body;
    if (id !== undefined) {
      this.id = id;
    }
    if (timestamp !== undefined) {
      this.timestamp = timestamp;
    }
  }

  /** A copy of its own: whoever changes it does not change the event. */
  get signedBytes(): Uint8Array<ArrayBuffer> {
    return (this.#shown ??= this.#bytes().slice());
  }

  get event(): unknown {
    return (this.#event ??= { value: parse(this.#bytes()) }).value;
  }

  #bytes(): Uint8Array<ArrayBuffer> {
    return typeof this.#signed === 'string' ? encoder.encode(this.#signed) : this.#signed;
  }
}

function parse(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw new VerificationError('not_json', 'the request is genuine, but its body is not JSON', { cause: error });
  }
}
