// HAR files, as browsers and proxies save them: every entry that has a request.

import { canonicalize } from 'sigpost';

import type { Header, Request } from '../request';
import { NotationError, fromBase64, latin1, latin1Bytes, utf8 } from '../text';
import { ImportError, positionOf } from './error';
import type { Found } from './found';
import { ENTRIES, HEADERS } from './limits';

const REMEDY = 'Save it again from the browser’s network panel, as a HAR file with content.';

/** What begins so is, or would be were it whole, a HAR file, and so says what is wrong with it. */
const BEGINNING = /^\s*\{\s*"log"\s*:\s*\{[^]*"(?:entries|creator|version|pages|browser)"/;

/** The entries of a HAR file; undefined if a text is none. @throws {@link ImportError} if it looks like one and is not right. */
export function entriesOf(text: string): readonly unknown[] | undefined {
  if (!/^\s*\{/.test(text) || !/"log"\s*:\s*\{/.test(text)) return undefined;
  const begins = BEGINNING.test(text.slice(0, 4096));
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    if (!begins) return undefined;
    throw new ImportError('This looks like a HAR file, but it is no JSON.', brokenAt(text), REMEDY);
  }
  const entries = at(at(file, 'log'), 'entries');
  // The body of a webhook may have such a list, of something else.
  if (Array.isArray(entries) && (begins || entries.some((entry) => at(entry, 'request') !== undefined))) return entries;
  if (begins) throw new ImportError('This HAR file has no list log.entries.', undefined, REMEDY);
  return undefined;
}

/** @throws {@link ImportError} if none has a request. */
export function readEntries(entries: readonly unknown[]): { readonly found: readonly Found[]; readonly notes: readonly string[] } {
  const notes: string[] = [];
  if (entries.length > ENTRIES) notes.push(`The file has ${entries.length} entries; the first ${ENTRIES} were read.`);
  const found: Found[] = [];
  for (const [index, entry] of entries.slice(0, ENTRIES).entries()) {
    try {
      found.push(readEntry(entry));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      notes.push(`log.entries[${index}] was passed over: ${error.message}.`);
    }
  }
  if (found.length === 0) throw new ImportError('No entry of this HAR file has a request.', undefined, REMEDY);
  return { found, notes };
}

/** What makes one entry useless, and no other. */
class Unreadable extends Error {}

/** Engines say in different words where JSON is broken, and some not at all. */
function brokenAt(text: string) {
  try {
    canonicalize(text);
  } catch (error) {
    if (error instanceof SyntaxError && 'offset' in error && typeof error.offset === 'number') {
      return positionOf(latin1(utf8(text)), error.offset);
    }
  }
  return undefined;
}

/** A member of what may be no object. */
function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

const textAt = (value: unknown, name: string): string | undefined => {
  const text = at(value, name);
  return typeof text === 'string' ? text : undefined;
};

function readEntry(entry: unknown): Found {
  const request = at(entry, 'request');
  if (request === undefined) throw new Unreadable('it has no request');
  const [method, url] = [textAt(request, 'method'), textAt(request, 'url')];
  if (method === undefined || url === undefined) throw new Unreadable('its request has no method and URL');
  const notes: string[] = [];
  const headers = headersOf(at(request, 'headers'), notes);
  const body = bodyOf(request, headers, notes);
  const time = textAt(entry, 'startedDateTime');
  const made: Request = { method, url, headers, body };
  return { request: made, ...(time === undefined ? {} : { time: time.slice(0, 64) }), notes };
}

function headersOf(list: unknown, notes: string[]): readonly Header[] {
  if (!Array.isArray(list)) throw new Unreadable('its request has no headers');
  if (list.length > HEADERS) throw new Unreadable(`its request has more than ${HEADERS} headers`);
  let encoded = false;
  const headers = list.flatMap((header: unknown): Header[] => {
    const [name, value] = [textAt(header, 'name'), textAt(header, 'value')];
    if (name === undefined || value === undefined || name.startsWith(':')) return [];
    if (latin1Bytes(value) !== undefined) return [[name, value]];
    encoded = true;
    return [[name, latin1(utf8(value))]];
  });
  if (encoded) notes.push('A header has characters that no byte stands for; their UTF-8 was taken.');
  return headers;
}

function bodyOf(request: unknown, headers: readonly Header[], notes: string[]): Uint8Array {
  const data = at(request, 'postData');
  const size = at(request, 'bodySize');
  const length = Number(headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? size ?? -1);
  const text = textAt(data, 'text');
  if (text === undefined || (text === '' && length > 0)) {
    const rebuilt = rebuiltForm(data, notes);
    if (rebuilt !== undefined) return rebuilt;
    if (length > 0 || data !== undefined) notes.push('The body is not in the file. Paste it by itself.');
    return new Uint8Array();
  }
  const encoding = textAt(data, 'encoding') ?? textAt(data, '_encoding');
  if (encoding === 'base64') return decoded(text, notes);
  const bytes = utf8(text);
  // Half a pair of surrogates has no UTF-8 either.
  if (/[\ufffd\p{Cs}]/u.test(text)) {
    notes.push('The body has the character U+FFFD or half of a surrogate pair, which stand for bytes that were no text: they are lost.');
  } else if (length > 0 && length !== bytes.length) {
    notes.push(`The body was sent with ${length} bytes, but its text has ${bytes.length}: it may not be what travelled.`);
  } else if (/multipart\//i.test(textAt(data, 'mimeType') ?? '')) {
    notes.push('The body has several parts, whose bytes are often not kept: it may not be what travelled.');
  }
  return bytes;
}

function decoded(text: string, notes: string[]): Uint8Array {
  try {
    return fromBase64(text);
  } catch (error) {
    if (!(error instanceof NotationError)) throw error;
    notes.push(`The body is said to be base64, but ${error.message}. Paste it by itself.`);
    return new Uint8Array();
  }
}

/** A form of which only the fields were kept. */
function rebuiltForm(data: unknown, notes: string[]): Uint8Array | undefined {
  const params = at(data, 'params');
  if (!Array.isArray(params) || params.length === 0 || !/^application\/x-www-form-urlencoded/i.test(textAt(data, 'mimeType') ?? '')) return undefined;
  notes.push('Only the fields of the form are in the file. Its body was written anew, and may not be what travelled.');
  const pairs = params.slice(0, ENTRIES).map((param: unknown): [string, string] => [textAt(param, 'name') ?? '', textAt(param, 'value') ?? '']);
  return utf8(new URLSearchParams(pairs).toString());
}
