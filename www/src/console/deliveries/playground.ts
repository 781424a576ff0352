// The way from an attempt to the playground: what was sent, without the secret, in the fragment of a link.

import type { PresetName } from 'sigpost';

import type { Attempt, AttemptBody, AttemptRequest } from '../../generated/api';

/** The scheme that signs what a tenant of this dialect sends. */
const SCHEMES: Readonly<Record<string, PresetName>> = {
  native: 'standard-webhooks',
  immuta: 'immuta',
  'immuta-request': 'immuta-request',
  generic: 'generic',
  qlik: 'qlik',
};

/** A link to the playground with the request of an attempt. */
export async function playgroundLink({ request, started_at }: Attempt, body: AttemptBody, dialect: string | undefined): Promise<string> {
  // Only whoever looks at a delivery needs it.
  const { encode } = await import('../../playground/share');
  const scheme = dialect === undefined ? undefined : SCHEMES[dialect];
  const fragment = await encode({
    mode: 'verify',
    request: { method: 'POST', url: request.url ?? '', headers: known(request), body: bytesOf(body) },
    // As its receiver saw it: today it would be too old.
    options: { now: Date.parse(started_at) },
    ...(scheme !== undefined && { scheme }),
  });
  return `./${fragment}`;
}

/** The headers whose values are told. */
function known({ headers }: AttemptRequest): [string, string][] {
  return headers.flatMap(({ name, value }): [string, string][] => (value === null ? [] : [[name, value]]));
}

/** The bytes of a body. */
export function bytesOf({ body = '', body_base64 }: AttemptBody): Uint8Array {
  if (body_base64 === undefined) return new TextEncoder().encode(body);
  return Uint8Array.from(atob(body_base64), (character) => character.charCodeAt(0));
}
