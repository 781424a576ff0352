import { canonicalBytes } from './json.js';
import { BaseVerifier, signWith, verifyWith } from './core.js';
import type { Body, HeadersLike, Message, PresetName, Scheme, Secret, Verified, VerifierOptions } from './core.js';

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
export class Verifier extends BaseVerifier {
  constructor(scheme: PresetName | Scheme, secrets: Secret | readonly Secret[], options: VerifierOptions = {}) {
    super(scheme, secrets, options, canonicalBytes);
  }
}

/**
 * Verifies one request. Where there are many, keep a {@link Verifier}.
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
export function verify<Event = unknown>(
  scheme: PresetName | Scheme,
  secrets: Secret | readonly Secret[],
  headers: HeadersLike,
  rawBody: Body,
  options: VerifierOptions = {},
): Verified<Event> {
  return verifyWith<Event>(new Verifier(scheme, secrets, options), headers, rawBody);
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
  return signWith(canonicalBytes, scheme, secret, message);
}
