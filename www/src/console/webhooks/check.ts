// What is wrong with a draft, as far as it can be known here: said at the field, before the server is asked. The server
// knows more, and says it in its own words.

import type { Dialect } from '../shared/dialects';
import { FIELDS } from './draft';
import type { Draft, Errors, FieldName } from './draft';

const MAX_URL = 2048;
const MAX_NAME = 512;
const MAX_DESCRIPTION = 1024;
const MAX_TYPES = 200;
const MAX_FILTER_BYTES = 8192;
const MAX_SECRET_BYTES = 1024;
const MAX_HEADER_BYTES = 2048;

/** What is wrong, by field; `from` is the url that the stored encrypted headers were entered for. */
export function check(dialect: Dialect, draft: Draft, from?: string): Errors {
  const found: Partial<Record<FieldName, string>> = {};
  for (const field of [...FIELDS[dialect], 'secret' as const]) {
    const wrong = checks[field]?.(draft, dialect, from);
    if (wrong !== undefined) found[field] = wrong;
  }
  return found;
}

const checks: Readonly<Partial<Record<FieldName, (draft: Draft, dialect: Dialect, from: string | undefined) => string | undefined>>> = {
  url: ({ url }) => wrongUrl(url),
  name: ({ name }, dialect) => {
    if (name === '' && dialect !== 'native') return 'Enter a name.';
    return tooLong(name, MAX_NAME);
  },
  description: ({ description }) => tooLong(description, MAX_DESCRIPTION),
  eventTypes: ({ eventTypes }, dialect) => {
    if (eventTypes.length === 0 && dialect !== 'qlik') return 'Choose one event type at least.';
    return eventTypes.length > MAX_TYPES ? `Choose ${MAX_TYPES} event types at most: these are ${eventTypes.length}.` : undefined;
  },
  filter: ({ filter }) => {
    const bytes = bytesOf(filter);
    return bytes > MAX_FILTER_BYTES ? `A filter has at most ${MAX_FILTER_BYTES} bytes: this one has ${bytes}.` : undefined;
  },
  headers: ({ headers }) => wrongHeaders(headers),
  encryptedHeaders: ({ url, headers, encryptedHeaders }, _, from) => {
    const kept = encryptedHeaders.find(({ stored, value }) => stored && value === '');
    if (from !== undefined && kept !== undefined && movesTo(from, url)) {
      return `The URL is another one: enter the value of “${kept.name}” again, or remove it. It was entered for the URL before.`;
    }
    return wrongHeaders(encryptedHeaders) ?? twice([...headers, ...encryptedHeaders]);
  },
  owner: ({ owner }, _, from) => (owner === '' && from !== undefined ? 'Enter the id of the user whose webhook it is.' : undefined),
  secret: ({ secret }, dialect) => (secret.kind === 'own' ? wrongSecret(secret.own, dialect) : undefined),
};

/** What is wrong with a secret of somebody's own. */
export function wrongSecret(secret: string, dialect: Dialect): string | undefined {
  if (secret === '') return 'Enter a secret, or have one generated.';
  if (bytesOf(secret) > MAX_SECRET_BYTES) return `A secret has at most ${MAX_SECRET_BYTES} bytes.`;
  const characters = [...secret].length;
  return dialect === 'qlik' && (characters < 32 || characters > 64) ? `A secret has 32 to 64 characters here: this one has ${characters}.` : undefined;
}

export function wrongUrl(url: string): string | undefined {
  if (url === '') return 'Enter the URL that deliveries are to go to.';
  if ([...url].length > MAX_URL) return `A URL has at most ${MAX_URL} characters.`;
  // What the server takes for spaces: not all that `\s` is.
  if (/[\p{White_Space}\p{Cc}]/u.test(url)) return 'A URL has no spaces.';
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return 'Enter a whole URL, like https://hooks.example.com/path.';
  const { username, password } = new URL(url);
  return username !== '' || password !== '' ? 'Leave user name and password out of the URL: it is shown and logged.' : undefined;
}

/** Whether requests would go elsewhere: then encrypted headers have to be entered again. */
export function movesTo(from: string, to: string): boolean {
  if (from === to) return false;
  const place = (url: string) => {
    if (!URL.canParse(url)) return url;
    const { origin, pathname, search } = new URL(url);
    return `${origin}${pathname}${search}`;
  };
  return place(from) !== place(to);
}

function wrongHeaders(headers: readonly { name: string; value: string }[]): string | undefined {
  for (const { name, value } of headers) {
    if (name === '') return 'Enter a name for each header, or remove it.';
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return `“${name}” is no name of a header: use letters, digits and hyphens.`;
    if (!/^[\t\x20-\x7e]*$/.test(value) || value.trim() !== value) return `The value of “${name}” must be of visible ASCII characters, with spaces only between them.`;
  }
  const bytes = headers.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  return bytes > MAX_HEADER_BYTES ? `Names and values have at most ${MAX_HEADER_BYTES} bytes together: these have ${bytes}.` : twice(headers);
}

function twice(headers: readonly { name: string }[]): string | undefined {
  const seen = new Set<string>();
  for (const { name } of headers) {
    const lower = name.toLowerCase();
    if (seen.has(lower)) return `“${name}” stands there twice.`;
    seen.add(lower);
  }
  return undefined;
}

function tooLong(text: string, most: number): string | undefined {
  const characters = [...text].length;
  return characters > most ? `Use at most ${most} characters: these are ${characters}.` : undefined;
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
