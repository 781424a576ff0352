// The raw body of a request of Node's, for the frameworks above it.

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
  readonly readableEnded: boolean;
  on(event: string, listener: (value: any) => void): this;
  pause(): unknown;
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
  readonly headersDistinct?: { readonly [name: string]: string[] | undefined };
}

declare const Buffer: { concat(chunks: Uint8Array[]): Uint8Array };

/** Reads a stream as far as a verifier looks; `advice` is what to do if somebody else has read it. */
export async function read(stream: NodeStream, max: number, announced: unknown, advice: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  if (stream.readableDidRead) {
    throw refusal('invalid_body', `was read already: ${advice}`, 'receiver');
  }
  // One that ended without a byte does not end again.
  if (!stream.readableEnded) {
    await new Promise((resolve, reject) => {
      let size = 0;
      const limit = (reached: number) => {
        if (reached > max) {
          stream.pause();
          reject(refusal('body_too_large', 'exceeds maxBytes'));
        }
      };
      const cut = () => reject(refusal('aborted', 'was cut'));
      limit(Number(announced));
      stream
        .on('data', (chunk) => {
          chunks.push(chunk);
          limit((size += chunk.length));
        })
        .on('end', resolve)
        .on('error', cut)
        .on('close', cut);
    });
  }
  return Buffer.concat(chunks);
}
