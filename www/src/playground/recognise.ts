// Which of the schemes that are built in a request was signed by, as far as its headers tell: nothing is verified here.

import { schemes } from 'sigpost';
import type { PresetName } from 'sigpost';

import type { Header } from './request';
import { textOf } from './text';

/** A scheme that may be the one. */
export interface Candidate {
  readonly scheme: PresetName;
  /** Why, in a sentence for people. */
  readonly reason: string;
}

/** How well a scheme fits: the higher, the better. */
const FITS = { own: 4, shared: 3, standard: 2, incomplete: 1, weaker: 0 } as const;

/** The longest body whose members are looked at. */
const LONGEST = 1 << 20;

/** All schemes whose headers, or some of them, are there; the likeliest first. */
export function recognise(headers: readonly Header[], body: Uint8Array): readonly Candidate[] {
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const found: (Candidate & { readonly fit: number })[] = [];
  for (const scheme of presets()) {
    const fit = fitOf(scheme, names, body);
    if (fit !== undefined) found.push({ scheme, ...fit });
  }
  // The sort is stable: what fits alike stays in the order of the package.
  return found.sort((one, other) => other.fit - one.fit).map(({ scheme, reason }) => ({ scheme, reason }));
}

/** The names of the headers that carry a signature of a scheme that is built in, in lower case. */
export const signatureHeaders: ReadonlySet<string> = new Set(
  presets().flatMap((name) => {
    const { header, weakerHeader } = schemes[name];
    return weakerHeader === undefined ? [header] : [header, weakerHeader];
  }),
);

/** All names of headers that a scheme that is built in looks at, in lower case. */
export const schemeHeaders: ReadonlySet<string> = new Set(
  presets().flatMap((name) => {
    const { header, weakerHeader, idHeader, timestampHeader } = schemes[name];
    return [header, weakerHeader, idHeader, timestampHeader].filter((name) => name !== undefined);
  }),
);

/** `Object.keys` knows no keys; these are all that the package exports. */
function presets(): PresetName[] {
  return Object.keys(schemes) as PresetName[];
}

function fitOf(name: PresetName, names: ReadonlySet<string>, body: Uint8Array): { fit: number; reason: string } | undefined {
  const { header, weakerHeader, idHeader, timestampHeader } = schemes[name];
  if (!names.has(header)) {
    return weakerHeader !== undefined && names.has(weakerHeader)
      ? { fit: FITS.weaker, reason: `Only ${weakerHeader} is there, a weaker signature that ${name} does not accept.` }
      : undefined;
  }
  const missing = [idHeader, timestampHeader].filter((needed) => needed !== undefined && !names.has(needed));
  if (missing.length > 0) {
    return { fit: FITS.incomplete, reason: `${header} is there, but ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing.` };
  }
  if (name === 'immuta' || name === 'immuta-request') {
    return immuta(name, header, body);
  }
  if (name === 'immuta-sha1') {
    return names.has(schemes.immuta.header)
      ? { fit: FITS.weaker, reason: `${header} is there too, the SHA-1 signature of older releases.` }
      : { fit: FITS.own, reason: `Only ${header} is there: the SHA-1 signature of a self-managed release.` };
  }
  if (name === 'standard-webhooks') {
    return { fit: FITS.standard, reason: 'The headers of Standard Webhooks are there.' };
  }
  return { fit: FITS.own, reason: `${header} is there.` };
}

/** Two systems share a header, and only the body tells them apart. */
function immuta(name: 'immuta' | 'immuta-request', header: string, body: Uint8Array): { fit: number; reason: string } {
  const members = membersOf(body);
  const has = (...wanted: string[]) => wanted.every((member) => members.has(member));
  const own = {
    immuta: has('webhookId', 'webhookName', 'metadata'),
    'immuta-request': has('deliveryId', 'type', 'createdAt'),
  };
  const reason = {
    immuta: `${header} is there, and the body has webhookId, webhookName and metadata.`,
    'immuta-request': `${header} is there, and the body has deliveryId, type and createdAt.`,
  };
  return own[name]
    ? { fit: FITS.own, reason: reason[name] }
    : { fit: FITS.shared, reason: `${header} is there, which Immuta and its Request app both send.` };
}

function membersOf(body: Uint8Array): ReadonlySet<string> {
  try {
    const value: unknown = body.length > LONGEST ? undefined : JSON.parse(textOf(body) ?? '');
    return new Set(typeof value === 'object' && value !== null ? Object.keys(value) : []);
  } catch {
    return new Set();
  }
}
