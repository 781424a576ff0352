// The raw body of a `Request`.

import { refusal } from './shared.js';

/** Reads a request as far as a verifier looks; `advice` is what to do if somebody else has read it. */
export async function read(request: Request, max: number, advice: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const limit = (reached: number) => {
    if (reached > max) {
      throw refusal('body_too_large', 'exceeds maxBytes');
    }
  };
  if (request.bodyUsed) {
    throw refusal('invalid_body', `was read already: ${advice}`, 'receiver');
  }
  limit(Number(request.headers.get('content-length')));
  for (const reader = request.body?.getReader(); reader; ) {
    const { done, value } = await reader.read().catch(() => {
      throw refusal('aborted', 'was cut');
    });
    if (done) {
      break;
    }
    chunks.push(value);
    limit((size += value.length));
  }
  const body = new Uint8Array(size);
  // From the end, where `size` is.
  for (const chunk of chunks.reverse()) {
    body.set(chunk, (size -= chunk.length));
  }
  return body;
}
