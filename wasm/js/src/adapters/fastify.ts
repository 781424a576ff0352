/**
 * Webhooks in Fastify 5.
 *
 * @packageDocumentation
 */

import { headersOf, read } from './node.js';
import type { NodeRequest, NodeStream } from './node.js';
import { receiver } from './shared.js';
import type { VerifiedLike, VerifierLike, WebhookOptions } from './shared.js';

export type { Store } from './dedupe.js';
export type { NodeRequest, NodeStream, VerifiedLike, VerifierLike, WebhookOptions };

/**
 * What is used of a request of Fastify's.
 *
 * @example
 * ```ts
 * import { Verifier } from 'sigpost';
 * import { webhook, type FastifyRequest } from 'sigpost/fastify';
 *
 * interface Request extends FastifyRequest {
 *   readonly params: { readonly tenant: string };
 * }
 *
 * export const pluginOf = (verifier: Verifier<'qlik'>) =>
 *   webhook(verifier, ({ event }, { params }: Request) => ({ tenant: params.tenant, taken: event.id }));
 * ```
 */
export interface FastifyRequest {
  readonly raw: NodeRequest & { readonly httpVersionMajor: number };
  readonly body: any;
}

/**
 * What is used of a reply of Fastify's.
 *
 * @example
 * ```ts
 * import { Verifier } from 'sigpost';
 * import { webhook, type FastifyReply, type FastifyRequest } from 'sigpost/fastify';
 *
 * export const pluginOf = (verifier: Verifier<'qlik'>, queue: (event: unknown) => void) =>
 *   webhook(verifier, ({ event }, _request: FastifyRequest, reply: FastifyReply) => {
 *     queue(event);
 *     reply.code(202);
 *   });
 * ```
 */
export interface FastifyReply {
  readonly statusCode: number;
  readonly sent: boolean;
  code(status: number): this;
  headers(headers: Record<string, string>): this;
  send(payload: any): unknown;
  /** Told when all was sent, or cannot be any more. */
  then(sent: () => void, failed: () => void): void;
}

/**
 * What is used of an instance of Fastify's.
 *
 * @example
 * ```ts
 * import { Verifier } from 'sigpost';
 * import { webhook, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'sigpost/fastify';
 *
 * // A plugin that makes its verifier when it is registered.
 * export async function hooks(instance: FastifyInstance<FastifyRequest, FastifyReply>, options: { secret: string }) {
 *   await webhook(new Verifier('qlik', options.secret), ({ event }) => console.log(event.type))(instance);
 * }
 * ```
 */
export interface FastifyInstance<Request, Reply> {
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(
    type: string,
    parser: (request: any, payload: any) => Promise<any>,
  ): unknown;
  post(path: string, handler: (request: Request, reply: Reply) => Promise<unknown>): unknown;
}

/**
 * A plugin that takes `POST` at its prefix, calls `handler` for genuine requests only, and answers what it returns, or
 * 200. It reads the raw body of any content type by itself, except that Fastify answers 415 to a `content-type` that is
 * none; no other route is changed.
 *
 * Whoever sent what does not verify gets 401 and nothing else, whatever the reason; what is yours to mend is answered
 * 500 and told to `onError`. What the handler throws goes to the error handler. With a `store`, any answer but 2xx has
 * the sender's next attempt handled again; only after the answer is the store told, since what Fastify makes of what was
 * returned, be it an `Error`, a `Response` or nothing that can be sent, is not known before.
 *
 * In TypeScript, annotate what the handler takes besides `verified`: `FastifyRequest` and `FastifyReply` of Fastify.
 *
 * @example
 * ```javascript
 * import fastify from 'fastify';
 * import { Verifier } from 'sigpost';
 * import { webhook } from 'sigpost/fastify';
 *
 * const verifier = new Verifier('immuta', process.env.WEBHOOK_SECRET);
 *
 * const app = fastify();
 * app.register(webhook(verifier, async ({ event }) => {
 *   console.log(event.text); // hello
 * }), { prefix: '/hooks' });
 * await app.listen({ port: process.env.PORT });
 * ```
 */
export function webhook<
  Result extends VerifiedLike,
  Request extends FastifyRequest = FastifyRequest,
  Reply extends FastifyReply = FastifyReply,
>(
  verifier: VerifierLike<Result>,
  handler: (verified: Result, request: Request, reply: Reply) => unknown,
  options: WebhookOptions<Request> = {},
): (instance: FastifyInstance<Request, Reply>) => Promise<void> {
  const receive = receiver(verifier, options);
  return async (instance) => {
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser('*', async (_request, payload) => payload);
    instance.post('/', async (request, reply) => {
      const { raw, body } = request;
      await receive<unknown>(
        request,
        headersOf(raw),
        () => read(body ?? raw, verifier.maxBytes, raw.headers['content-length'], 'let no hook read request.raw'),
        async (verified) => {
          const answered = await handler(verified, request, reply);
          if (!reply.sent) {
            reply.send(answered ?? '');
          }
          // Only then is its status known: what cannot be sent becomes 500, and what is returned may be an error.
          return new Promise<void>((resolve) => reply.then(resolve, resolve));
        },
        () => reply.statusCode,
        // HTTP/2 has no such header.
        (status, headers = raw.httpVersionMajor < 2 ? { connection: 'close' } : {}) =>
          reply.code(status).headers(headers).send(''),
      );
      return reply;
    });
  };
}
