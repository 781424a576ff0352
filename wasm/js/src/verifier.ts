/// <reference lib="esnext.disposable" preserve="true" />

import { encode } from './digits.js';
import { engine } from './engine.js';
import { VerificationError } from './error.js';
import type { Named } from './event.js';
import { claimOf, fitsId, judgeAge, namesOf } from './header.js';
import type { Claim } from './header.js';
import { bodyOf, headersOf, own as ownOf, wantedOf } from './inputs.js';
import type { Body, HeadersLike, Wanted } from './inputs.js';
import type { Same } from './host.js';
import { Key } from './key.js';
import type { Engine } from './key.js';
import { planOf } from './scheme.js';
import type { Plan, PresetName, Replay, Scheme } from './scheme.js';
import { keysOf } from './secret.js';
import type { Secret } from './secret.js';

/**
 * Settings of a verifier. A name that is none of these is a `TypeError`.
 *
 * @example
 * ```js
 * import { Verifier, sign } from 'sigpost';
 *
 * const headers = sign('stripe', 'secret', { body: '{}', timestamp: 1_700_000_000 });
 * const now = () => 1_700_000_500_000;
 * new Verifier('stripe', 'secret', { tolerance: 600, now }).verify(headers, '{}').timestamp; // 1700000000
 * ```
 */
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
  /**
   * `required`: the headers of Standard Webhooks must be there as well and be genuine, with the key that
   * {@link standardSecret} shows. They sign an id and a time, so what the scheme itself cannot tell, replays, can be.
   * sigpost's server sends them with every delivery.
   */
  readonly standardWebhooks?: 'required';
}

/**
 * A request that is genuine.
 *
 * @example
 * ```js
 * import { sign, verify } from 'sigpost';
 *
 * const headers = sign('standard-webhooks', 'old', { body: '{"n":1}', id: 'msg_1' });
 * const verified = verify('standard-webhooks', ['new', 'old'], headers, '{"n":1}');
 * verified.event; // { n: 1 }
 * verified.id; // 'msg_1'
 * verified.secretIndex; // 1
 * ```
 */
export interface Verified<Event = unknown> {
  /**
   * The payload, parsed from the signed bytes when it is first asked for. A byte order mark before it is passed over.
   *
   * @throws {@link VerificationError} `not_json` if the signed bytes are no JSON in UTF-8; `body_changed` if you changed
   * your buffer in the meantime.
   */
  readonly event: Event;
  /** Exactly the bytes that were signed, or their canonical form: a copy. */
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

/**
 * What to sign.
 *
 * @example
 * ```js
 * import { sign } from 'sigpost';
 *
 * const message = { body: '{}', id: 'msg_1', timestamp: 1_700_000_000 };
 * const headers = sign('standard-webhooks', 'secret', message);
 * headers['webhook-id']; // 'msg_1'
 * headers['webhook-timestamp']; // '1700000000'
 * ```
 */
export interface Message {
  /** The body that will travel. */
  readonly body: Body;
  /** The message id, for schemes that sign one: 1 to 256 visible ASCII characters, no dot. */
  readonly id?: string;
  /** The time in seconds since 1970, for schemes that sign one; now unless said. */
  readonly timestamp?: number;
}

/** Makes the canonical form of a body. */
export type Canonicalize = (body: string | Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/** What an entry of the package has besides: 'sigpost/verify' nothing, 'sigpost' both. */
export interface Parts {
  readonly canonicalize?: Canonicalize;
  readonly sha512?: Engine;
}

const MAX_BYTES = 16 * 1024 * 1024;

const OPTIONS = { tolerance: 0, now: 0, maxBytes: 0, body: 0, standardWebhooks: 0 } satisfies Record<keyof VerifierOptions, 0>;
const MESSAGE = { body: 0, id: 0, timestamp: 0 } satisfies Record<keyof Message, 0>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Closes verifiers that nobody disposed of, where the runtime tells of them: workerd does since May 2025. */
const forgotten =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry<readonly (Check | undefined)[]>(close)
    : undefined;

/** A scheme and the keys that are valid at present. */
interface Check {
  readonly plan: Plan;
  readonly keys: readonly Key[];
}

function checkOf(plan: Plan, secrets: Secret | readonly Secret[], parts: Parts): Check {
  const hasher = plan.hash === 5 ? parts.sha512 : engine;
  if (!hasher) {
    throw missing('SHA-512');
  }
  return { plan, keys: keysOf(secrets, plan.key).map((bytes) => new Key(hasher, plan.hash, bytes)) };
}

const missing = (what: string): VerificationError => invalid(`${what} is not in 'sigpost/verify': import from 'sigpost'`);

function close(checks: readonly (Check | undefined)[]): void {
  checks.forEach((check) => check?.keys.forEach((key) => key.close()));
}

/** What both entries' `Verifier` is. */
export abstract class BaseVerifier<Given extends PresetName | Scheme = PresetName | Scheme> {
  /** The scheme's name. */
  declare readonly scheme: string;
  /** What is offered against replays: nothing, a signed time, a signed id, or both. */
  declare readonly replay: Replay;
  /** The longest body that is looked at, in bytes. */
  declare readonly maxBytes: number;
  /** The scheme; and Standard Webhooks, if it is required. */
  readonly #checks: readonly [own: Check, standard?: Check];
  readonly #wanted: Wanted;
  readonly #tolerance: number;
  readonly #now: () => number;
  readonly #canonicalize: Canonicalize | undefined;

  /** @internal */
  protected constructor(
    scheme: Given,
    secrets: Secret | readonly Secret[],
    options: VerifierOptions,
    parts: Parts,
  ) {
    const given = ownOf('a verifier', options, OPTIONS);
    const { tolerance, now = Date.now, maxBytes = MAX_BYTES, body, standardWebhooks } = given;
    const bodies = [undefined, 'raw', 'canonical'];
    const amounts = isAmount(maxBytes) && (tolerance == null || isAmount(tolerance));
    const known = bodies.includes(body) && [undefined, 'required'].includes(standardWebhooks);
    if (!known || !amounts || typeof now !== 'function') {
      throw invalid('tolerance and maxBytes are whole numbers, body is raw or canonical, standardWebhooks required');
    }
    const plan = planOf(scheme);
    const canonical = body === undefined ? plan.canonical : body === 'canonical';
    if (canonical && !parts.canonicalize) {
      throw missing('the canonical form');
    }
    const standard = standardWebhooks && planOf('standard-webhooks');
    const judge = standard ?? plan;
    if (tolerance != null && judge.tolerance === undefined) {
      throw new VerificationError('invalid_tolerance', 'this scheme signs no time');
    }
    this.scheme = plan.name;
    this.replay = judge.replay;
    this.maxBytes = maxBytes;
    this.#now = now;
    this.#tolerance = tolerance === null ? Infinity : (tolerance ?? judge.tolerance ?? Infinity);
    this.#canonicalize = canonical ? parts.canonicalize : undefined;
    // From here on no code of the caller's runs, which could throw and leave a key that nobody can dispose of. But the
    // secrets, which may be no keys of the one or the other.
    const own = checkOf(plan, secrets, parts);
    this.#checks = [own];
    if (standard) {
      try {
        this.#checks = [own, checkOf(standard, secrets, parts)];
      } catch (error) {
        close([own]);
        throw error;
      }
    }
    this.#wanted = wantedOf([plan, ...(standard ? [standard] : [])].flatMap(namesOf));
    forgotten?.register(this, this.#checks, this.#checks);
  }

  /**
   * Verifies a request by its headers and its raw body. The event is of the scheme's type (see {@link Events}), or of the
   * one that you name: `verify<Stripe.Event>(…)`. That is your word and the sender's; it is not checked.
   *
   * @throws {@link VerificationError} unless it is genuine.
   */
  verify<Event = unknown>(headers: HeadersLike, rawBody: Body): Verified<Named<Event, Given>> {
    const body = bodyOf(rawBody, this.maxBytes);
    const found = headersOf(headers, this.#wanted);
    const now = Math.floor(this.#now() / 1000);
    if (!Number.isFinite(now)) {
      throw invalid('now() returned no time');
    }
    // The headers first: without a signature, a body costs nothing.
    const own = this.#checks[0];
    const standard = this.#checks[1];
    const claim = claimOf(own.plan, found);
    const required = standard && claimOf(standard.plan, found);
    const signed = this.#canonicalize ? canonicalOf(this.#canonicalize, body) : body;
    const fits = fit(own, signed, claim);
    if (required) {
      fit(standard, signed, required);
    }
    // What says more, an id and a time; and the age last: staleness tells a forger nothing.
    const told = required ?? claim;
    if (told.timestamp !== undefined) {
      judgeAge(told.timestamp, now, this.#tolerance);
    }
    // A canonical form is ours, and a text nobody changes.
    const ours = this.#canonicalize !== undefined || typeof signed === 'string';
    const same = ours ? undefined : fits.same;
    const held = ours || same ? signed : copied(signed as Uint8Array<ArrayBuffer>);
    return new Genuine(this.scheme, fits.secret, told, held, same) as Verified<Named<Event, Given>>;
  }

  /**
   * Erases the keys. What verifies after that is an error. The secret as you hold it, a JavaScript string for example,
   * cannot be erased by anybody.
   */
  dispose(): void {
    forgotten?.unregister(this.#checks);
    close(this.#checks);
  }

  /** {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

// Before Node 20.4 and in some browsers there is no such symbol, and the method above is then named "undefined".
if (!Symbol.dispose) {
  delete (BaseVerifier.prototype as { undefined?: unknown }).undefined;
}

/** Which key fits, and how to see whether a body is still the one that it fits. */
function fit(
  { plan, keys }: Check,
  body: string | Uint8Array<ArrayBuffer>,
  { id, time, size }: Claim,
): { secret: number; same: Same | undefined } {
  const message = { parts: plan, id, time, body };
  for (let secret = 0; secret < keys.length; secret += 1) {
    const fits = (keys[secret] as Key).fits(message, plan.room, size);
    if (fits) {
      return { secret, same: fits === true ? undefined : fits };
    }
  }
  throw new VerificationError('mismatch', 'the signature does not match');
}

/**
 * Where short bodies are copied to, one behind the other: memory of its own for each costs as much as to hash it. Whoever
 * keeps one keeps all 8 KiB, as with Node's own buffers.
 */
let shelf = new Uint8Array(0);
let used = 0;

function copied(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // The shelf stays, and is not to keep what is long.
  if (bytes.length > 4096) {
    return bytes.slice();
  }
  used += bytes.length;
  if (used > shelf.length) {
    shelf = new Uint8Array(8192);
    used = bytes.length;
  }
  shelf.set(bytes, used - bytes.length);
  return shelf.subarray(used - bytes.length, used);
}

/** `verify` of both entries. */
export function verifyWith<Given extends PresetName | Scheme, Event>(
  verifier: BaseVerifier<Given>,
  headers: HeadersLike,
  rawBody: Body,
): Verified<Event> {
  try {
    return verifier.verify(headers, rawBody) as Verified<Event>;
  } finally {
    verifier.dispose();
  }
}

/** `sign` of both entries. */
export function signWith(
  parts: Parts,
  scheme: PresetName | Scheme,
  secret: Secret,
  message: Message,
): Record<string, string> {
  const { body: given, id, timestamp = Math.floor(Date.now() / 1000) } = ownOf('a message', message, MESSAGE);
  const raw = bodyOf(given, Infinity);
  const plan = planOf(scheme);
  const { header, idHeader, timestampHeader, timestampPrefix, prefix, separator = '' } = plan;
  if (idHeader && !(typeof id === 'string' && fitsId(plan, id))) {
    throw new VerificationError('invalid_id', 'the id is 1 to 256 visible ASCII characters, no dot');
  }
  if (plan.tolerance !== undefined && !(isAmount(timestamp) && timestamp < 1e15)) {
    const told = 'timestamp is in seconds since 1970, at most 15 digits';
    throw new VerificationError('invalid_timestamp', told);
  }
  if (plan.canonical && !parts.canonicalize) {
    throw missing('the canonical form');
  }
  const body = plan.canonical && parts.canonicalize ? canonicalOf(parts.canonicalize, raw) : raw;
  const check = checkOf(plan, [secret], parts);
  try {
    const tag = (check.keys[0] as Key).tag({ parts: plan, id, time: String(timestamp), body });
    const time = timestampPrefix === undefined ? '' : timestampPrefix + timestamp + separator;
    return {
      ...(idHeader && { [idHeader]: id as string }),
      ...(timestampHeader && { [timestampHeader]: String(timestamp) }),
      [header]: time + prefix + encode(tag, plan.encoding),
    };
  } finally {
    close([check]);
  }
}

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
      : new VerificationError('internal', 'canonicalising failed', { cause: error });
  }
}

const isAmount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

const invalid = (message: string): VerificationError => new VerificationError('invalid_option', message);

class Genuine implements Verified {
  declare readonly scheme: string;
  declare readonly secretIndex: number;
  declare readonly id?: string;
  declare readonly timestamp?: number;
  #body: string | Uint8Array<ArrayBuffer>;
  #same: Same | undefined;
  #event: { value: unknown } | undefined;

  /**
   * `same`: whether a body is the one that was verified. To copy a large body costs as much as to verify it, and mostly for
   * nothing; so it is copied when it is asked for, and looked at again. Without `same`, it is ours.
   */
  constructor(
    scheme: string,
    secretIndex: number,
    { id, timestamp }: Claim,
    body: string | Uint8Array<ArrayBuffer>,
    same: Same | undefined,
  ) {
    this.scheme = scheme;
    this.secretIndex = secretIndex;
    this.#same = same;
    this.#body = body;
    if (id !== undefined) {
      this.id = id;
    }
    if (timestamp !== undefined) {
      this.timestamp = timestamp;
    }
  }

  get signedBytes(): Uint8Array<ArrayBuffer> {
    return this.#own().slice();
  }

  get event(): unknown {
    return (this.#event ??= { value: parse(this.#own()) }).value;
  }

  /** The bytes that were signed, in a place that nobody else can write to. */
  #own(): Uint8Array<ArrayBuffer> {
    if (typeof this.#body === 'string') {
      return encoder.encode(this.#body);
    }
    if (this.#same) {
      // What was transferred away is empty, and cannot be copied. No body that is looked at again is empty.
      const copy = this.#body.length > 0 && this.#body.slice();
      if (!copy || !this.#same(copy)) {
        throw new VerificationError('body_changed', 'the body was changed after it was verified');
      }
      [this.#body, this.#same] = [copy, undefined];
    }
    return this.#body;
  }
}

function parse(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw new VerificationError('not_json', 'the request is genuine, but its body is not JSON', { cause: error });
  }
}
