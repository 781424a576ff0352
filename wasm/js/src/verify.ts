/**
 * Verifying and signing, without the canonicaliser: less to load, for schemes over the raw body.
 *
 * @packageDocumentation
 */

import { BaseVerifier, signWith, verifyWith } from './core.js';
import type { Body, EventOf, HeadersLike, Message, PresetName, Scheme, Secret, Verified, VerifierOptions } from './core.js';

export { standardSecret } from './core.js';
export { VerificationError } from './error.js';
export { schemes } from './scheme.js';
export type {
  Body,
  CloudEvent,
  EventOf,
  Events,
  Fault,
  GenericEvent,
  GenericEventType,
  HeadersLike,
  ImmutaEvent,
  ImmutaEventType,
  ImmutaMetadata,
  ImmutaRequestEvent,
  ImmutaRequestEventType,
  KeyForm,
  Message,
  OtherType,
  Part,
  Preset,
  PresetName,
  QlikEvent,
  QlikEventType,
  QlikLegacyEvent,
  Replay,
  Scheme,
  Secret,
  VerificationCode,
  Verified,
} from './core.js';

/**
 * Settings of a verifier. A name that is none of these is a `TypeError`.
 *
 * @example
 * ```js
 * import { sign, verify } from 'sigpost/verify';
 *
 * const headers = sign('stripe', 'secret', { body: '[1]', timestamp: 1_700_000_000 });
 * verify('stripe', 'secret', headers, '[1]', { tolerance: null }).event; // [ 1 ]
 * ```
 */
export interface RawOptions extends Omit<VerifierOptions, 'body'> {
  /** What is signed: here only the bytes that came. */
  readonly body?: 'raw';
}

/**
 * Verifies requests by one scheme with the secrets that are valid at present, newest first.
 *
 * @example
 * ```js
 * import { Verifier, sign } from 'sigpost/verify';
 *
 * const verifier = new Verifier('qlik', ['new secret', 'old secret']);
 * const headers = sign('qlik', 'old secret', { body: '{}' });
 * verifier.verify(headers, '{}').secretIndex; // 1
 * verifier.dispose();
 * ```
 */
export class Verifier<const Given extends PresetName | Scheme = PresetName | Scheme> extends BaseVerifier<Given> {
  constructor(scheme: Given, secrets: Secret | readonly Secret[], options: RawOptions = {}) {
    super(scheme, secrets, options, {});
  }
}

/**
 * Verifies one request. Where there are many, keep a {@link Verifier}. To name the type of the event, name the scheme too:
 * `verify<'stripe', Stripe.Event>('stripe', …)`.
 *
 * @throws VerificationError unless it is genuine.
 *
 * @example
 * ```js
 * import { sign, verify } from 'sigpost/verify';
 *
 * const headers = sign('github', 'secret', { body: '{"action":"opened"}' });
 * verify('github', 'secret', headers, '{"action":"opened"}').event; // { action: 'opened' }
 * ```
 */
export function verify<const Given extends PresetName | Scheme, Event = EventOf<Given>>(
  scheme: Given,
  secrets: Secret | readonly Secret[],
  headers: HeadersLike,
  rawBody: Body,
  options: RawOptions = {},
): Verified<Event> {
  return verifyWith<Given, Event>(new Verifier(scheme, secrets, options), headers, rawBody);
}

/**
 * The headers to send with a body.
 *
 * @example
 * ```js
 * import { sign } from 'sigpost/verify';
 *
 * const headers = sign('svix', 'whsec_c2VjcmV0', { body: '{}', id: 'msg_1' });
 * Object.keys(headers); // [ 'svix-id', 'svix-timestamp', 'svix-signature' ]
 * ```
 */
export function sign(scheme: PresetName | Scheme, secret: Secret, message: Message): Record<string, string> {
  return signWith({}, scheme, secret, message);
}
