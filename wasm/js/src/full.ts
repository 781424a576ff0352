import { canonicalBytes } from './json.js';
import { sha512 } from './sha512.js';
import { BaseVerifier, signWith, verifyWith } from './core.js';
import type { Body, EventOf, HeadersLike, Message, PresetName, Scheme, Secret, Verified, VerifierOptions } from './core.js';

const PARTS = { canonicalize: canonicalBytes, sha512 };

/**
 * Verifies requests by one scheme with the secrets that are valid at present, newest first.
 *
 * @example
 * ```js
 * import { Verifier, sign } from 'sigpost';
 *
 * const verifier = new Verifier('immuta', 'secret', { body: 'canonical' });
 * const headers = sign('immuta', 'secret', { body: '{"n":1}' });
 * verifier.verify(headers, '{ "n": 1.0 }').event; // { n: 1 }
 * verifier.dispose();
 * ```
 */
export class Verifier<const Given extends PresetName | Scheme = PresetName | Scheme> extends BaseVerifier<Given> {
  constructor(scheme: Given, secrets: Secret | readonly Secret[], options: VerifierOptions = {}) {
    super(scheme, secrets, options, PARTS);
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
 * import { sign, verify } from 'sigpost';
 *
 * const headers = sign('standard-webhooks', 'secret', { body: '{"n":1}', id: 'msg_1' });
 * verify('standard-webhooks', 'secret', headers, '{"n":1}').id; // 'msg_1'
 * ```
 */
export function verify<const Given extends PresetName | Scheme, Event = EventOf<Given>>(
  scheme: Given,
  secrets: Secret | readonly Secret[],
  headers: HeadersLike,
  rawBody: Body,
  options: VerifierOptions = {},
): Verified<Event> {
  return verifyWith<Given, Event>(new Verifier(scheme, secrets, options), headers, rawBody);
}

/**
 * The headers to send with a body.
 *
 * @throws VerificationError if the scheme signs something that is missing.
 *
 * @example
 * ```js
 * import { sign } from 'sigpost';
 *
 * Object.keys(sign('generic', 'whsec_1', { body: '{}' })); // [ 'x-webhook-signature' ]
 * ```
 */
export function sign(scheme: PresetName | Scheme, secret: Secret, message: Message): Record<string, string> {
  return signWith(PARTS, scheme, secret, message);
}
