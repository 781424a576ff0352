// Links to what somebody looks at: all of it but the secret, in the fragment of a URL, which no server is sent. There is
// no place for a secret in what is written, and headers that carry credentials are left out. What is read is a
// stranger's: it is bounded before it is inflated, while it is inflated, and member by member.
//
//   #v1.…    base64url of the raw deflate of JSON
//   #v1j.…   base64url of JSON, where a browser cannot compress

import type { PresetName, Scheme } from 'sigpost';

import { FormError, integerIn, listIn, membersOf, oneOf, optional, schemeIn, textIn } from './form';
import { schemeHeaders } from './recognise';
import type { Header, Request } from './request';
import { NotationError, fromBase64, fromBase64url, textOf, toBase64, toBase64url, utf8 } from './text';

export interface Shared {
  readonly mode: 'verify' | 'sign';
  /** Absent: recognised by the headers. */
  readonly scheme?: PresetName | Scheme;
  readonly request: Request;
  readonly options: SharedOptions;
}

export interface SharedOptions {
  /** When it is looked at, in milliseconds since 1970. */
  readonly now?: number;
  /** In seconds; `null` for any age. */
  readonly tolerance?: number | null;
  readonly body?: 'raw' | 'canonical';
  readonly standardWebhooks?: 'required';
  /** What is signed beside the body, in sign mode; the time in seconds since 1970. */
  readonly id?: string;
  readonly timestamp?: number;
}

/** The longest fragment that is read or written, in characters. */
export const LONGEST_FRAGMENT = 2 << 20;
/** The longest JSON in it, in bytes. */
export const LONGEST_JSON = 8 << 20;

const HEADERS = 1000;
/** Of a method, a name, a value and a URL, in characters. */
const LONGEST = { method: 64, name: 512, value: 1 << 16, url: 1 << 16, id: 1024 } as const;

/** A link that cannot be read, or what cannot be made a link. */
export class ShareError extends Error {
  override readonly name = 'ShareError';

  constructor(
    readonly code: 'not_shared' | 'version' | 'too_long' | 'broken' | 'form',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Whether a fragment is one that {@link decode} is for. */
export const isShared = (fragment: string): boolean => /^#?v\d+[a-z]*\./.test(fragment);

/** The fragment, `#` included. What {@link omitted} names is not in it. @throws {@link ShareError} if it is too long. */
export async function encode(shared: Shared): Promise<string> {
  const json = utf8(written(shared));
  if (json.length > LONGEST_JSON) throw tooLong();
  const packed = await piped(json, () => new CompressionStream('deflate-raw'), Number.POSITIVE_INFINITY);
  const fragment = packed === undefined ? `#v1j.${toBase64url(json)}` : `#v1.${toBase64url(packed)}`;
  if (fragment.length > LONGEST_FRAGMENT) throw tooLong();
  return fragment;
}

/** What a fragment holds. @throws {@link ShareError} */
export async function decode(fragment: string): Promise<Shared> {
  if (fragment.length > LONGEST_FRAGMENT) {
    throw new ShareError('too_long', 'this link is longer than any that is made here');
  }
  const [, version, digits = ''] = /^#?(v\d+[a-z]*)\.([^]*)$/.exec(fragment) ?? [];
  if (version === undefined) throw new ShareError('not_shared', 'this is no link to a request');
  if (version !== 'v1' && version !== 'v1j') {
    throw new ShareError('version', 'this link was made by another version of the page: open it there');
  }
  try {
    return read(version === 'v1' ? await inflated(fromBase64url(digits)) : fromBase64url(digits));
  } catch (error) {
    if (error instanceof FormError) throw new ShareError('form', `this link holds something else: ${error.message}`, { cause: error });
    if (error instanceof NotationError || error instanceof SyntaxError) throw broken(error);
    throw error;
  }
}

/** The names of headers, `user` of a URL and parameters of its query (`?name`) that carry credentials, and so are left out. */
export function omitted({ request, scheme }: Shared): readonly string[] {
  const headers = request.headers.map(([name]) => name).filter((name) => isCredential(name, scheme));
  return [...new Set([...headers, ...withoutCredentials(request.url).omitted])];
}

const CREDENTIALS = /^(?:(?:proxy-)?authorization|(?:set-)?cookie2?)$|token|secret|api-?_?key|access-?_?key|passw|credential|session/i;

/** A signature proves that somebody knows a secret, and does not give it away. */
function isCredential(name: string, scheme: Shared['scheme']): boolean {
  const lower = name.toLowerCase();
  const own = typeof scheme === 'object' ? [scheme.header, scheme.idHeader, scheme.timestampHeader, scheme.weakerHeader] : [];
  return !schemeHeaders.has(lower) && !own.includes(lower) && CREDENTIALS.test(name);
}

/** A URL without user and password, and without parameters that are called like credentials. */
function withoutCredentials(url: string): { readonly url: string; readonly omitted: readonly string[] } {
  const left: string[] = [];
  const named = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, (_, scheme: string) => {
    left.push('user');
    return scheme;
  });
  const [, before = named, query = '', after = ''] = /^([^?#]*)(?:\?([^#]*))?([^]*)$/.exec(named) ?? [];
  const kept = query.split('&').filter((parameter) => {
    const name = parameter.split('=', 1)[0] ?? '';
    if (!CREDENTIALS.test(name)) return true;
    left.push(`?${name}`);
    return false;
  });
  const rest = kept.join('&');
  return { url: `${before}${rest === '' ? '' : `?${rest}`}${after}`, omitted: left };
}

/** What would be written: also what {@link leaks} looks through. */
export function written({ mode, scheme, request, options }: Shared): string {
  const { method, headers, body } = request;
  const text = textOf(body);
  return JSON.stringify({
    mode,
    scheme,
    request: {
      method,
      url: withoutCredentials(request.url).url,
      headers: headers.filter(([name]) => !isCredential(name, scheme)),
      ...(text === undefined ? { base64: toBase64(body) } : { text }),
    },
    options,
  });
}

function read(json: Uint8Array): Shared {
  if (json.length > LONGEST_JSON) throw new ShareError('too_long', 'this link holds more than any that is made here');
  const text = textOf(json);
  if (text === undefined) throw broken();
  const value: unknown = JSON.parse(text);
  const members = membersOf(value, 'it', ['mode', 'scheme', 'request', 'options']);
  return {
    mode: oneOf(members.get('mode'), 'mode', ['verify', 'sign']),
    ...(members.has('scheme') ? { scheme: schemeIn(members.get('scheme'), 'scheme') } : {}),
    request: requestIn(members.get('request')),
    options: optionsIn(members.get('options')),
  };
}

function requestIn(value: unknown): Request {
  const members = membersOf(value, 'request', ['method', 'url', 'headers', 'text', 'base64']);
  if (members.has('text') === members.has('base64')) throw new FormError('request', 'has not one body');
  const body = (name: string) => textIn(members.get(name), `request.${name}`, LONGEST_JSON);
  return {
    method: textIn(members.get('method'), 'request.method', LONGEST.method),
    url: textIn(members.get('url'), 'request.url', LONGEST.url),
    headers: listIn(members.get('headers'), 'request.headers', HEADERS).map(headerIn),
    body: members.has('text') ? utf8(body('text')) : fromBase64(body('base64')),
  };
}

function headerIn(value: unknown, index: number): Header {
  const where = `request.headers[${index}]`;
  const [name, text, ...more] = listIn(value, where, 2);
  if (more.length > 0) throw new FormError(where, 'is no pair');
  return [textIn(name, `${where}[0]`, LONGEST.name), textIn(text, `${where}[1]`, LONGEST.value)];
}

function optionsIn(value: unknown): SharedOptions {
  const where = 'options';
  const members = membersOf(value, where, ['now', 'tolerance', 'body', 'standardWebhooks', 'id', 'timestamp']);
  // Milliseconds to the year 9999, which dates can be.
  const last = 253_402_300_799_999;
  return {
    ...optional(members, 'now', where, (value, at) => integerIn(value, at, 0, last)),
    ...optional(members, 'tolerance', where, (value, at) => (value === null ? null : integerIn(value, at, 0, Number.MAX_SAFE_INTEGER))),
    ...optional(members, 'body', where, (value, at) => oneOf(value, at, ['raw', 'canonical'])),
    ...optional(members, 'standardWebhooks', where, (value, at) => oneOf(value, at, ['required'])),
    ...optional(members, 'id', where, (value, at) => textIn(value, at, LONGEST.id)),
    ...optional(members, 'timestamp', where, (value, at) => integerIn(value, at, 0, Math.floor(last / 1000))),
  };
}

async function inflated(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const json = await piped(packed, () => new DecompressionStream('deflate-raw'), LONGEST_JSON);
  if (json === undefined) throw new ShareError('version', 'this browser cannot decompress: open the link in another one');
  return json;
}

/**
 * What a stream makes of bytes, read to `most` bytes and no further; undefined where there is no such stream.
 * @throws {@link ShareError} for what is more, and what the stream cannot read.
 */
async function piped(
  bytes: Uint8Array<ArrayBuffer>,
  make: () => ReadableWritablePair<Uint8Array, BufferSource>,
  most: number,
): Promise<Uint8Array | undefined> {
  let stream;
  try {
    stream = make();
  } catch {
    return undefined;
  }
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw broken(error);
    });
    if (done) return joined(pieces, length);
    length += value.length;
    if (length > most) {
      // What else there is stays packed.
      await reader.cancel().catch(() => undefined);
      throw new ShareError('too_long', 'this link holds more than any that is made here');
    }
    pieces.push(value);
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const broken = (cause?: unknown) => new ShareError('broken', 'this link is cut off or was changed: ask for it again', { cause });
const tooLong = () => new ShareError('too_long', 'this request is too long for a link: shorten its body');
