// What every adapter does, whatever the framework: verify, deduplicate, call the handler, answer. Nothing here loads
// WebAssembly: a verifier is known by its shape, its errors by their names.

import type { Fault, VerificationCode } from '../error.js';
import type { Body, HeadersLike } from '../inputs.js';
import type { Store } from './dedupe.js';

/**
 * What an adapter needs of a `Verifier`.
 *
 * @example
 * ```js
 * import { Verifier, sign } from 'sigpost';
 * import { webhook } from 'sigpost/fetch';
 *
 * // Two senders at one address.
 * const [qlik, github] = [new Verifier('qlik', 'secret'), new Verifier('github', 'secret')];
 * const verify = (headers, body) => (headers.has('qlik-signature') ? qlik : github).verify(headers, body);
 * const POST = webhook({ replay: 'nothing', maxBytes: 4096, verify }, ({ scheme }) => new Response(scheme));
 * const request = { method: 'POST', body: '{}', headers: sign('github', 'secret', { body: '{}' }) };
 * await (await POST(new Request('https://example.org/', request))).text(); // 'github'
 * ```
 */
export interface VerifierLike<Result extends VerifiedLike> {
  /** What is signed against replays: the name begins with `id` if an id is. */
  readonly replay: string;
  /** The longest body that is looked at, in bytes. */
  readonly maxBytes: number;
  /** Returns what is genuine and throws for all else, with a `fault`. */
  verify(headers: HeadersLike, rawBody: Body): Result;
}

/**
 * What an adapter needs of what a verifier returns.
 *
 * @example
 * ```ts
 * import { Verifier } from 'sigpost';
 * import { webhook, type VerifiedLike } from 'sigpost/fetch';
 *
 * const note = ({ scheme, id = 'unnamed' }: VerifiedLike): void => console.log(`${scheme} ${id}`);
 *
 * export const routeOf = (verifier: Verifier) => webhook(verifier, note);
 * ```
 */
export interface VerifiedLike {
  /** The scheme's name. */
  readonly scheme: string;
  /** The signed id: the same for every attempt to deliver the same thing. */
  readonly id?: string | undefined;
}

/**
 * Settings of an adapter. A name that is none of these is a `TypeError`.
 *
 * @example
 * ```js
 * import { Verifier } from 'sigpost';
 * import { webhook } from 'sigpost/fetch';
 *
 * const told = [];
 * const onError = (error, request) => told.push(`${error.code} at ${new URL(request.url).pathname}`);
 * const POST = webhook(new Verifier('qlik', 'secret'), () => {}, { onError });
 * const forged = new Request('https://example.org/hooks', { method: 'POST', body: '{}' });
 * (await POST(forged)).status; // 401
 * told; // [ 'missing_header at /hooks' ]
 * ```
 */
export interface WebhookOptions<Request> {
  /**
   * Remembers what was processed, so that the handler is called once for each signed id. A `TypeError` if the verifier
   * knows no signed id. Share a store among endpoints only if they have the same sender: ids are the sender's own.
   */
  readonly store?: Store;
  /**
   * Told why a request was not handed to the handler, and what the store threw; awaited, and if it throws itself, that
   * goes to `console.error` and changes no answer. Unless said, what is the
   * receiver's to mend goes to `console.error`, and what strangers send nowhere. Errors of the handler's go to the
   * framework.
   */
  readonly onError?: (error: unknown, request: Request) => unknown;
}

/** An error like a verifier's, of what only an adapter can see. */
export const refusal = (code: VerificationCode | 'aborted', problem: string, fault: Fault = 'sender'): Error =>
  Object.assign(Error(`the body ${problem}`), { name: 'VerificationError', code, fault });

/**
 * Checks the settings once and returns what treats each request: takes its body, calls the handler by `handle`, learns
 * from `statusOf` what the sender is told, and makes every other answer itself, by `answer`, which never has a body: so
 * none says more than its status. Without `headers`, the rest of the body may be unread, and the connection is to be
 * closed: whatever the reason, or the header would tell it.
 */
export function receiver<Result extends VerifiedLike, Request>(
  verifier: VerifierLike<Result>,
  { store, onError, ...unknown }: WebhookOptions<Request>,
) {
  for (const name in unknown) {
    throw TypeError(`no option ${name}`);
  }
  if (store && !/^id/.test(verifier.replay)) {
    throw TypeError("a store needs a signed id: set standardWebhooks: 'required'");
  }
  return async <Answer>(
    request: Request,
    headers: HeadersLike,
    takeBody: () => Body | Promise<Body>,
    handle: (verified: Result) => Answer | Promise<Answer>,
    statusOf: (answer: Awaited<Answer>) => number,
    answer: (status: number, headers?: Record<string, string>) => Answer,
  ): Promise<Answer> => {
    let status = 500;
    const attempt = <T>(step: () => T | Promise<T>): Promise<T | void> =>
      (async (): Promise<T | void> => step())()
        .catch(async (error) => {
          status = error?.fault === 'sender' ? 401 : 500;
          // Not what strangers send, which would fill the log.
          await (onError ? onError(error, request) : status > 401 && console.error(error));
        })
        // What `onError` throws: the answer stands.
        .catch(console.error);
    const verified = await attempt(async () => verifier.verify(headers, await takeBody()));
    if (!verified) {
      return answer(status);
    }
    if (!store) {
      return handle(verified);
    }
    const key = `${verified.scheme}:${verified.id}`;
    const lease = crypto.randomUUID();
    const state = await attempt(() => store.begin(key, lease));
    if (state !== 'new') {
      // Not long: a sender may pause all that it has for this receiver.
      return state === 'done' ? answer(200, {}) : answer(503, { 'retry-after': '5' });
    }
    try {
      const answered = await handle(verified);
      status = statusOf(answered);
      return answered;
    } finally {
      // What the handler did stands, whatever the store says now: if it were refused, it would be done again.
      await attempt(() => store[status < 300 ? 'complete' : 'release'](key, lease));
    }
  };
}
