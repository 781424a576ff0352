/**
 * Webhooks in Express, 4 and 5.
 *
 * @packageDocumentation
 */

import { headersOf, read } from './node.js';
import type { NodeRequest } from './node.js';
import { receiver } from './shared.js';
import type { VerifiedLike, VerifierLike, WebhookOptions } from './shared.js';

export type { Store } from './dedupe.js';
export type { NodeRequest, VerifiedLike, VerifierLike, WebhookOptions };

/**
 * What is used of a request of Express's.
 *
 * @example
 * ```ts
 * import { Verifier } from 'sigpost';
 * import { webhook, type ExpressRequest } from 'sigpost/express';
 *
 * interface Request extends ExpressRequest {
 *   readonly params: { readonly tenant: string };
 * }
 *
 * export const routeOf = (verifier: Verifier<'qlik'>) =>
 *   webhook(verifier, ({ event }, { params }: Request) => console.log(params.tenant, event.type));
 * ```
 */
export interface ExpressRequest extends NodeRequest {
  readonly body?: any;
}

/**
 * What is used of a response of Express's.
 *
 * @example
 * ```ts
 * import { Verifier } from 'sigpost';
 * import { webhook, type ExpressRequest, type ExpressResponse } from 'sigpost/express';
 *
 * export const routeOf = (verifier: Verifier<'qlik'>, queue: (event: unknown) => void) =>
 *   webhook(verifier, ({ event }, _request: ExpressRequest, response: ExpressResponse) => {
 *     queue(event);
 *     response.writeHead(202, { 'x-queued': event.id }).end();
 *   });
 * ```
 */
export interface ExpressResponse {
  readonly statusCode: number;
  readonly headersSent: boolean;
  writeHead(status: number, headers: Record<string, string>): { end(): unknown };
  end(): unknown;
}

/** No string: what decoded it may have dropped a byte order mark or replaced bytes. */
const isBytes = ArrayBuffer.isView as (body: unknown) => body is Uint8Array;

const ADVICE =
  "use this before express.json(), or express.raw({type:'*/*'}), or " +
  'express.json({verify(req,_,body){req.rawBody=body}})';

/**
 * A route handler that calls `handler` for genuine requests only, and answers 200 when it returns. The raw body is read
 * from the request, if need be taken from `req.rawBody` or, as `express.raw()` leaves it, `req.body`: bytes only, since a
 * string, as `express.text()` leaves it, may be of other bytes.
 *
 * Whoever sent what does not verify gets 401 and nothing else, whatever the reason; what is yours to mend, like a body
 * that `express.json()` has eaten, is answered 500 and told to `onError`. What the handler throws goes to `next`, if
 * it is no object as the `cause` of an `Error`. It may answer for itself, and does so before what it returned resolves;
 * with a `store`, any answer but 2xx has the sender's next attempt handled again.
 *
 * In TypeScript, annotate what the handler takes besides `verified`: `Request` and `Response` of Express.
 *
 * @example
 * ```javascript
 * import express from 'express';
 * import { Verifier } from 'sigpost';
 * import { webhook } from 'sigpost/express';
 *
 * const verifier = new Verifier('immuta', process.env.WEBHOOK_SECRET);
 *
 * const app = express();
 * app.post('/hooks', webhook(verifier, async ({ event }) => {
 *   console.log(event.text); // hello
 * }));
 * app.use(express.json()); // for everything else
 * app.listen(process.env.PORT);
 * ```
 */
export function webhook<
  Result extends VerifiedLike,
  Request extends ExpressRequest = ExpressRequest,
  Response extends ExpressResponse = ExpressResponse,
>(
  verifier: VerifierLike<Result>,
  handler: (verified: Result, request: Request, response: Response) => unknown,
  options: WebhookOptions<Request> = {},
): (request: Request, response: Response, next: (error?: any) => void) => Promise<void> {
  const receive = receiver(verifier, options);
  return async (request, response, next) => {
    try {
      await receive<unknown>(
        request,
        headersOf(request),
        () =>
          [(request as { rawBody?: unknown }).rawBody, request.body].find(isBytes) ??
          read(request, verifier.maxBytes, request.headers['content-length'], ADVICE),
        (verified) => handler(verified, request, response),
        () => response.statusCode,
        (status, headers = { connection: 'close' }) => response.writeHead(status, headers).end(),
      );
      if (!response.headersSent) {
        response.end();
      }
    } catch (error) {
      // Express takes nothing, 'route' and 'router' for no error.
      next(Object(error) === error ? error : Error('no error', { cause: error }));
    }
  };
}
