/**
 * Webhooks in Hono 4.
 *
 * @packageDocumentation
 */

import { receiver } from './shared.js';
import type { VerifiedLike, VerifierLike, WebhookOptions } from './shared.js';
import { read } from './web.js';

export type { Store } from './dedupe.js';
export type { VerifiedLike, VerifierLike, WebhookOptions };

/**
 * What is used of a context of Hono's.
 *
 * @example
 * ```ts
 * import { Verifier } from 'sigpost';
 * import { webhook, type HonoContext } from 'sigpost/hono';
 *
 * interface Context extends HonoContext {
 *   readonly var: { readonly tenant: string };
 * }
 *
 * export const routeOf = (verifier: Verifier<'qlik'>) =>
 *   webhook(verifier, ({ event }, c: Context) => console.log(c.var.tenant, event.type));
 * ```
 */
export interface HonoContext {
  readonly req: {
    readonly raw: Request;
    readonly bodyCache: { readonly arrayBuffer?: ArrayBuffer | Promise<ArrayBuffer> };
  };
  body(data: null, status?: any, headers?: Record<string, string>): Response;
}

/**
 * A route handler that calls `handler` for genuine requests only, and answers what it returns, or 200. The raw body is
 * read from the request, or taken as `c.req.arrayBuffer()` found it.
 *
 * Whoever sent what does not verify gets 401 and nothing else, whatever the reason; what is yours to mend is answered
 * 500 and told to `onError`: for one, a body that was read as JSON or text before, from which Hono can only make up
 * bytes. What the handler throws goes to `app.onError`. With a `store`, any answer but 2xx has the sender's next attempt
 * handled again.
 *
 * In TypeScript, annotate what the handler takes besides `verified`: `Context` of Hono.
 *
 * @example
 * ```javascript
 * import { serve } from '@hono/node-server';
 * import { Hono } from 'hono';
 * import { Verifier } from 'sigpost';
 * import { webhook } from 'sigpost/hono';
 *
 * const verifier = new Verifier('immuta', process.env.WEBHOOK_SECRET);
 *
 * const app = new Hono();
 * app.post('/hooks', webhook(verifier, async ({ event }, c) => {
 *   console.log(event.text); // hello
 *   return c.text('thanks');
 * }));
 * serve({ fetch: app.fetch, port: process.env.PORT });
 * ```
 */
export function webhook<Result extends VerifiedLike, Context extends HonoContext = HonoContext>(
  verifier: VerifierLike<Result>,
  handler: (verified: Result, context: Context) => Response | void | Promise<Response | void>,
  options: WebhookOptions<Context> = {},
): (context: Context) => Promise<Response> {
  const receive = receiver(verifier, options);
  return (context) => {
    const { raw, bodyCache } = context.req;
    return receive<Response>(
      context,
      raw.headers,
      async () =>
        (await bodyCache.arrayBuffer) ??
        read(raw, verifier.maxBytes, 'use this before what reads it, or read it with c.req.arrayBuffer()'),
      async (verified) => (await handler(verified, context)) ?? context.body(null),
      ({ status }) => status,
      (status, headers) => context.body(null, status, headers),
    );
  };
}
