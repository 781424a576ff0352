// The way from an attempt to the playground: what was sent, without the secret, in the fragment of a link.

import type { Attempt, AttemptBody, AttemptRequest } from '../../generated/api';

interface Shared {
  readonly mode: 'verify';
  readonly request: { readonly method: string; readonly url: string; readonly headers: [string, string][]; readonly body: Uint8Array };
  readonly scheme?: string;
}

/** The scheme that signs what a tenant of this dialect sends. */
const SCHEMES: Readonly<Record<string, string>> = {
  native: 'standard-webhooks',
  immuta: 'immuta',
  'immuta-request': 'immuta-request',
  generic: 'generic',
  qlik: 'qlik',
};

/** A link to the playground with the request of an attempt. */
export async function playgroundLink({ request }: Attempt, body: AttemptBody, dialect: string | undefined): Promise<string> {
  const encode = await encoder();
  const scheme = dialect === undefined ? undefined : SCHEMES[dialect];
  const text = await encode({
    mode: 'verify',
    request: { method: 'POST', url: request.url ?? '', headers: known(request), body: bytesOf(body) },
    ...(scheme !== undefined && { scheme }),
  });
  return `./#${text.replace(/^#/, '')}`;
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

// Until the playground's own module is there: `return (await import('../../playground/share')).encode`.
async function encoder(): Promise<(shared: Shared) => Promise<string>> {
  return async ({ mode, request, scheme }) => {
    const text = JSON.stringify({ mode, scheme, request: { ...request, body: [...request.body] } });
    return btoa(String.fromCharCode(...new TextEncoder().encode(text))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  };
}
