/**
 * Webhooks where a request is a `Request` and an answer a `Response`: Next.js, Workers, Deno, Bun.
 *
 * @packageDocumentation
 */

import { receiver } from './shared.js';
import type { VerifiedLike, VerifierLike, WebhookOptions } from './shared.js';
import { read } from './web.js';

export type { Store } from './dedupe.js';
export type { VerifiedLike, VerifierLike, WebhookOptions };

/**
 * A function from `Request` to `Response` that calls `handler` for genuine requests only, and answers what it returns,
 * or 200. What the platform hands over besides the request, the handler gets too.
 *
 * Whoever sent what does not verify gets 401 and nothing else, whatever the reason; what is yours to mend, like a body
 * that was read before, is answered 500 and told to `onError`. What the handler throws is thrown. With a `store`, any
 * answer but 2xx has the sender's next attempt handled again.
 *
 * @example
 * ```javascript
 * // app/hooks/route.js of Next.js. Elsewhere: Deno.serve(POST), Bun.serve({ fetch: POST }), export default { fetch: POST }
 * import { Verifier } from 'sigpost';
 * import { webhook } from 'sigpost/fetch';
 *
 * const verifier = new Verifier('immuta', process.env.WEBHOOK_SECRET);
 *
 * export const POST = webhook(verifier, async ({ event }) => {
 *   console.log(event.text); // hello
 * });
 * ```
 */
export function webhook<Result extends VerifiedLike, Rest extends any[] = any[]>(
  verifier: VerifierLike<Result>,
  handler: (verified: Result, request: Request, ...rest: Rest) => Response | void | Promise<Response | void>,
  options: WebhookOptions<Request> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const receive = receiver(verifier, options);
  return (request, ...rest) =>
    receive<Response>(
      request,
      request.headers,
      () => read(request, verifier.maxBytes, 'hand over the request unread, or a clone() from before'),
      async (verified) => (await handler(verified, request, ...rest)) ?? new Response(),
      ({ status }) => status,
      (status, headers = {}) => new Response(null, { status, headers }),
    );
}
