// The headers and the raw body of a request of Node's, for the frameworks above it.

import type { HeadersLike } from '../inputs.js';
import { refusal } from './shared.js';

/**
 * What is used of a readable stream of Node's.
 *
 * @example
 * ```js
 * import { Readable } from 'node:stream';
 * import { Verifier } from 'sigpost';
 * import { webhook } from 'sigpost/express';
 *
 * const stream = Readable.from([Buffer.from('{}')]);
 * // What a body parser does.
 * await stream.toArray();
 * const told = [];
 * const route = webhook(new Verifier('qlik', 'secret'), () => {}, { onError: ({ code }) => told.push(code) });
 * await route(Object.assign(stream, { headers: {} }), { headersSent: true, writeHead: () => ({ end() {} }) });
 * told; // [ 'invalid_body' ]
 * ```
 */
export interface NodeStream {
  readonly readableDidRead: boolean;
  [Symbol.asyncIterator](): AsyncIterator<any>;
}

/**
 * What is used of a request of Node's.
 *
 * @example
 * ```js
 * import { Readable } from 'node:stream';
 * import { Verifier, sign } from 'sigpost';
 * import { webhook } from 'sigpost/express';
 *
 * // A request for a test, without a server.
 * const headers = sign('qlik', 'secret', { body: '[1]' });
 * const request = Object.assign(Readable.from([Buffer.from('[1]')]), { headers });
 * const events = [];
 * const route = webhook(new Verifier('qlik', 'secret'), ({ event }) => events.push(event));
 * await route(request, { end() {} });
 * events; // [ [ 1 ] ]
 * ```
 */
export interface NodeRequest extends NodeStream {
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  /** Names and values in turn, as they came. What makes up requests may leave it out or empty. */
  readonly rawHeaders?: readonly string[];
}

declare const Buffer: { concat(chunks: Uint8Array[]): Uint8Array };

/**
 * Each header as often as it came: `headers` joins what came twice, and `headersDistinct` throws in versions of Node for
 * a header named `constructor`. Platforms that make up requests fill in only `headers`.
 */
export function headersOf({ headers, rawHeaders }: NodeRequest): HeadersLike {
  return rawHeaders?.[0]
    ? rawHeaders.flatMap((name, index) => (index % 2 ? [] : [[name, rawHeaders[index + 1] as string] as const]))
    : headers;
}

/** Reads a stream as far as a verifier looks; `advice` is what to do if somebody else has read it. */
export async function read(stream: NodeStream, max: number, announced: any, advice: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (stream.readableDidRead) {
    throw refusal('invalid_body', `was read already: ${advice}`, 'receiver');
  }
  // No `for await`, which would destroy what is too large, and the connection before the answer.
  for (const iterator = stream[Symbol.asyncIterator](); ; ) {
    if (size > max || announced > max) {
      throw refusal('body_too_large', 'exceeds maxBytes');
    }
    const { done, value } = await iterator.next().catch(() => {
      throw refusal('aborted', 'was cut');
    });
    if (done) {
      return Buffer.concat(chunks);
    }
    chunks.push(value);
    size += value.length;
  }
}
