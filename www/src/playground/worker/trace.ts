// How a signature is made, step by step, by the package itself: what goes into the HMAC is put together here and handed
// to `sign` as the text and the body of a scheme that has nothing else. So what is shown as computed is what the package
// computes, and it is there also where the request is refused before anything is compared.
//
// The page may show a computed signature: whoever looks at it has the secret. `explain` and the package never do.

import { schemes, sign } from 'sigpost';
import type { Part, PresetName, Scheme } from 'sigpost';

import { canonicalOf } from './canonical';
import { piecesOf, timestampOf, valueOf } from './header';
import type { Case, Computed, HeaderPiece, MessagePart, Trace } from './protocol';

export function traceOf(about: Case): Trace {
  const scheme = schemeOf(about.scheme);
  const signsCanonical = about.canonical || scheme.body === 'canonical';
  const canonical = canonicalOf(about.body);
  const value = valueOf(about.headers, scheme.header);
  const pieces = value === undefined ? [] : piecesOf(scheme, value);
  const message = messageOf(scheme, about, pieces, signsCanonical && canonical.kind === 'differs' ? canonical.bytes.length : about.body.length);
  const computed = about.secrets.map((secret) => computedOf(scheme, secret, message, about.body, signsCanonical));
  return {
    canonical,
    signsCanonical,
    message,
    algorithm: scheme.algorithm ?? 'hmac-sha256',
    encoding: scheme.encoding ?? 'hex',
    computed,
    header: value === undefined ? undefined : { name: scheme.header, pieces: matched(scheme, pieces, computed) },
  };
}

export function schemeOf(scheme: PresetName | Scheme): Scheme {
  return typeof scheme === 'string' ? schemes[scheme] : scheme;
}

function messageOf(scheme: Scheme, { headers }: Case, pieces: readonly HeaderPiece[], bytes: number): readonly MessagePart[] {
  return (scheme.signed ?? ['body']).map((part): MessagePart => {
    if (typeof part === 'object') return { kind: 'text', text: part.text };
    if (part === 'body') return { kind: 'body', bytes };
    if (part === 'id') return { kind: 'id', text: valueOf(headers, scheme.idHeader), from: scheme.idHeader ?? '' };
    return scheme.timestampPrefix === undefined
      ? { kind: 'timestamp', text: valueOf(headers, scheme.timestampHeader), from: scheme.timestampHeader ?? '' }
      : { kind: 'timestamp', text: timestampOf(pieces), from: scheme.header };
  });
}

function computedOf(scheme: Scheme, secret: string, message: readonly MessagePart[], body: Uint8Array, canonical: boolean): Computed {
  const missing = message.find((part) => part.kind !== 'body' && part.text === undefined);
  if (missing !== undefined && 'from' in missing) return { failure: `${missing.from} is missing` };
  const plain: Scheme = {
    name: 'trace',
    header: 'x-trace',
    algorithm: scheme.algorithm ?? 'hmac-sha256',
    encoding: scheme.encoding ?? 'hex',
    key: scheme.key ?? 'whole',
    body: canonical ? 'canonical' : 'raw',
    // An empty text is none.
    signed: message.flatMap((part): readonly Part[] => (part.kind === 'body' ? ['body'] : part.text ? [{ text: part.text }] : [])),
  };
  try {
    return { text: sign(plain, secret, { body })['x-trace'] ?? '' };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/** The pieces, with the secret that made it beside each signature. */
function matched(scheme: Scheme, pieces: readonly HeaderPiece[], computed: readonly Computed[]): readonly HeaderPiece[] {
  const form = formOf(scheme.encoding ?? 'hex');
  const made = computed.map((one) => ('text' in one ? form(one.text) : undefined));
  return pieces.map((piece) => {
    const secretIndex = piece.kind === 'signature' ? made.indexOf(form(piece.text)) : -1;
    return secretIndex < 0 ? piece : { ...piece, secretIndex };
  });
}

/** What two spellings of the same bytes have in common. */
function formOf(encoding: 'hex' | 'base64' | 'base64url'): (text: string) => string {
  if (encoding === 'hex') return (text) => text.toLowerCase();
  return encoding === 'base64' ? (text) => text : (text) => text.replace(/=+$/, '');
}
