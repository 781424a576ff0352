// What a link holds of what somebody looks at: what verifying and explaining read, and no more. Credentials have too many
// names to know them all, so headers are kept by name, not left out by name: those that a scheme looks at, and those that
// say how to read the body. No scheme signs the URL, so of that there is what says where a request goes: no user, no query.

import { schemeHeaders } from './recognise';
import type { Header } from './request';
import type { Shared } from './share';

/** They describe the body and who sent it; `explain` reads some of them. */
const HARMLESS = ['content-type', 'content-length', 'content-encoding', 'user-agent'] as const;

export interface Kept {
  readonly shared: Shared;
  /** What is left out, for people: the names of headers, and parts of the URL. */
  readonly left: readonly string[];
}

/** What a link holds of it. */
export function kept(shared: Shared): Kept {
  const { request, scheme } = shared;
  const own = typeof scheme === 'object' ? [scheme.header, scheme.idHeader, scheme.timestampHeader, scheme.weakerHeader] : [];
  const names = new Set([...schemeHeaders, ...HARMLESS, ...own.map((name = '') => travelled(name))]);
  const isKept = ([name]: Header) => names.has(travelled(name));
  const { url, left } = plain(request.url);
  const others = request.headers.filter((header) => !isKept(header)).map(([name]) => name.toLowerCase());
  return {
    shared: { ...shared, request: { ...request, url, headers: request.headers.filter(isKept) } },
    left: [...new Set(others), ...left],
  };
}

/** The name by which a header travels, of what some servers make `HTTP_X_SIGNATURE` of: `explain` reads both. */
const travelled = (name: string): string => name.toLowerCase().replace(/^http_/, '').replaceAll('_', '-');

function plain(given: string): { readonly url: string; readonly left: readonly string[] } {
  // As whoever reads a URL drops it (WHATWG URL, section 4.4).
  const url = given.replace(/^[\0-\x20]+|[\t\r\n]/g, '');
  // Parameters stand behind a semicolon too.
  const [place = ''] = url.split(/[?#;]/, 1);
  // Whatever stands before the slashes, if it is no scheme too.
  const nobody = place.replace(/^((?:[^/\\]*:[/\\]+|[/\\]{2,})?)[^/\\]*@/, '$1');
  return {
    url: nobody,
    left: [...(nobody === place ? [] : ['user and password in the URL']), ...(place === url ? [] : ['what follows the path in the URL'])],
  };
}
