// Links to what somebody looks at, in the fragment of a URL, which no server is sent. There is no place for a secret in
// what is written, and of the request there is only what `kept.ts` keeps. What is read is a stranger's: it is bounded
// before it is inflated, while it is inflated, and member by member; what is written is held against the same bounds.
//
//   #v1.…    base64url of the raw deflate of JSON
//   #v1j.…   base64url of JSON, where a browser cannot compress

import type { PresetName, Scheme } from 'sigpost';

import { FormError, integerIn, listIn, membersOf, oneOf, optional, schemeIn, textIn } from './form';
import { kept } from './kept';
import type { Header, Request } from './request';
import { NotationError, fromBase64, fromBase64url, textOf, toBase64, toBase64url, utf8 } from './text';

export { kept };

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

/** The longest fragment that is read or written, in characters: Firefox opens URLs of 1 MiB, others longer ones. */
export const LONGEST_FRAGMENT = 1_000_000;
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

/** The fragment, `#` included, of what is {@link kept}. @throws {@link ShareError} for what could not be opened again. */
export async function encode(given: Shared): Promise<string> {
  const { shared } = kept(given);
  const json = utf8(JSON.stringify(checked(shared)));
  if (json.length > LONGEST_JSON) throw tooLong();
  const packed = await piped(json, () => new CompressionStream('deflate-raw'), Number.POSITIVE_INFINITY);
  const fragment = packed === undefined ? `#v1j.${toBase64url(json)}` : `#v1.${toBase64url(packed)}`;
  if (fragment.length > LONGEST_FRAGMENT) throw tooLong();
  return fragment;
}

/** Milliseconds to the year 9999, which dates can be. */
const LAST = 253_402_300_799_999;

function checked(shared: Shared): unknown {
  try {
    return formOf(shared);
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    if (error.member === 'request.text' || error.member === 'request.base64') throw tooLong();
    // The field takes seconds, and the form milliseconds.
    const problem = error.member === 'options.now' ? `is no whole number from 0 to ${Math.floor(LAST / 1000)}` : error.problem;
    throw new ShareError('form', `${fieldOf(error.member, shared)} ${problem}: change it, and share again.`, { cause: error });
  }
}

/** What a fragment holds. @throws {@link ShareError} */
export async function decode(fragment: string): Promise<Shared> {
  if (fragment.length > LONGEST_FRAGMENT) throw tooMuch();
  const [, version, digits = ''] = /^#?(v\d+[a-z]*)\.([^]*)$/.exec(fragment) ?? [];
  if (version === undefined) throw new ShareError('not_shared', 'This is no link to a request.');
  if (version !== 'v1' && version !== 'v1j') {
    throw new ShareError('version', 'This link was made by another version of the page: open it there.');
  }
  try {
    return read(version === 'v1' ? await inflated(fromBase64url(digits)) : fromBase64url(digits));
  } catch (error) {
    if (error instanceof FormError) throw new ShareError('form', `This link holds something else: ${error.message}. Ask for it again.`, { cause: error });
    if (error instanceof NotationError || error instanceof SyntaxError) throw broken(error);
    throw error;
  }
}

/** As it is written, or a {@link FormError}: what could not be read again. */
function formOf({ mode, scheme, request, options }: Shared): unknown {
  const { method, url, headers, body } = request;
  const text = textOf(body);
  const form = {
    mode,
    ...(scheme === undefined ? {} : { scheme }),
    request: { method, url, headers, ...(text === undefined ? { base64: toBase64(body) } : { text }) },
    options,
  };
  sharedIn(form);
  return form;
}

/** Where in the page the member of a form is entered. */
function fieldOf(member: string, { request }: Shared): string {
  const [, index] = /^request\.headers\[(\d+)\]/.exec(member) ?? [];
  if (index !== undefined) return `The header ${request.headers[Number(index)]?.[0].slice(0, 64)}`;
  return FIELDS[member] ?? member.replace(/^scheme\.?/, 'The custom scheme, ');
}

const FIELDS: Readonly<Record<string, string>> = {
  'request.method': 'The method',
  'request.url': 'The URL',
  'request.headers': 'The list of headers',
  'options.now': '“Now”',
  'options.timestamp': '“Time of signing”',
  'options.tolerance': '“Tolerance”',
  'options.id': '“Message id”',
};

function read(json: Uint8Array): Shared {
  if (json.length > LONGEST_JSON) throw tooMuch();
  const text = textOf(json);
  if (text === undefined) throw broken();
  return sharedIn(JSON.parse(text));
}

function sharedIn(value: unknown): Shared {
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
  return {
    ...optional(members, 'now', where, (value, at) => integerIn(value, at, 0, LAST)),
    ...optional(members, 'tolerance', where, (value, at) => (value === null ? null : integerIn(value, at, 0, Number.MAX_SAFE_INTEGER))),
    ...optional(members, 'body', where, (value, at) => oneOf(value, at, ['raw', 'canonical'])),
    ...optional(members, 'standardWebhooks', where, (value, at) => oneOf(value, at, ['required'])),
    ...optional(members, 'id', where, (value, at) => textIn(value, at, LONGEST.id)),
    ...optional(members, 'timestamp', where, (value, at) => integerIn(value, at, 0, Math.floor(LAST / 1000))),
  };
}

async function inflated(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const json = await piped(packed, () => new DecompressionStream('deflate-raw'), LONGEST_JSON);
  if (json === undefined) throw new ShareError('version', 'This browser cannot decompress: open the link in another one.');
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
      throw tooMuch();
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

const broken = (cause?: unknown) => new ShareError('broken', 'This link is cut off or was changed: ask for it again.', { cause });
const tooMuch = () => new ShareError('too_long', 'This link holds more than any that is made here: ask for the request itself.');
const tooLong = () => new ShareError('too_long', 'This request is too long for a link: shorten its body, or send it as a file, which can be dropped here.');
