// Requests and headers as they stand on the wire. Texts have one code point for each byte, so that a body is taken byte
// for byte, line breaks included.

import { signatureHeaders } from '../recognise';
import type { Header } from '../request';
import { latin1Bytes } from '../text';
import { dechunked } from './chunked';
import { ImportError, positionOf } from './error';
import type { Found } from './found';
import { HEADERS } from './limits';

const REQUEST_LINE = /^([!#$%&'*+.^_`|~\w-]+)[ \t]+(\S+)[ \t]+HTTP\/\d(?:\.\d)?[ \t]*$/;
const STATUS_LINE = /^HTTP\/\d(?:\.\d)?[ \t]+\d{3}/;
/** Pseudo-headers of HTTP/2 too, as tools show them. */
const HEADER = /^(:?[!#$%&'*+.^_`|~\w-]+):(?!\/\/)[ \t]*(.*?)[ \t]*$/;
/** Where one of these stands first, there are headers, whatever else is wrong with them. */
const USUAL = new Set(['host', 'content-type', 'content-length', 'user-agent', 'accept', 'accept-encoding', 'connection', 'date', ...signatureHeaders]);

export interface Head {
  readonly method: string | undefined;
  readonly url: string;
  readonly headers: readonly Header[];
  /** Where the body begins; undefined where no blank line ends the headers. */
  readonly body: number | undefined;
}

/**
 * The head of a request, or a list of headers; undefined if it is neither.
 * @throws {@link ImportError} if it is one that is not right.
 */
export function readHead(source: string): Head | undefined {
  let start = 0;
  let first = lineAt(source, start);
  while (first.ended && first.text.trim() === '') {
    start = first.next;
    first = lineAt(source, start);
  }
  if (STATUS_LINE.test(first.text)) {
    throw new ImportError('This is a response, not a request.', positionOf(source, start), 'Paste the request that it answers.');
  }
  const request = REQUEST_LINE.exec(first.text);
  if (request !== null) {
    const { headers, body } = headersAt(source, first.next);
    return { method: request[1], url: urlOf(request[2] ?? '', headers), headers: headers.filter(([name]) => !name.startsWith(':')), body };
  }
  const header = HEADER.exec(first.text);
  if (header === null) return undefined;
  try {
    const { headers, body } = headersAt(source, start);
    const pseudo = new Map(headers.filter(([name]) => name.startsWith(':')));
    const url = urlOf(pseudo.get(':path') ?? '', headers);
    return { method: pseudo.get(':method'), url, headers: headers.filter(([name]) => !name.startsWith(':')), body };
  } catch (error) {
    if (USUAL.has(header[1]?.toLowerCase() ?? '')) throw error;
    // A text whose first line happens to look like a header.
    return undefined;
  }
}

/** The request of a head and of what follows it. @throws {@link ImportError} for chunks that are broken. */
export function readRequest(source: string, head: Head): Found {
  const start = head.body ?? source.length;
  const sent = source.slice(start);
  const notes: string[] = [];
  const valueOf = (wanted: string) => head.headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  let body = sent;
  if (/\bchunked\b/i.test(valueOf('transfer-encoding') ?? '')) {
    const whole = dechunked(source, start);
    notes.push(whole === undefined ? 'The headers say that the body is chunked, but it is not: it was taken as it is.' : 'The body was put together from its chunks.');
    body = whole ?? sent;
  } else {
    notes.push(...lengthNotes(body, valueOf('content-length')));
  }
  if (/\b(?:gzip|br|deflate|zstd)\b/i.test(valueOf('content-encoding') ?? '')) {
    notes.push('The body is compressed. Most senders sign the bytes before that, so paste those if it does not verify.');
  }
  const { method = 'POST', url, headers } = head;
  return { request: { method, url, headers, body: latin1Bytes(body) ?? new Uint8Array() }, notes };
}

function lengthNotes(body: string, announced: string | undefined): readonly string[] {
  if (announced === undefined || !/^\d+$/.test(announced) || Number(announced) === body.length) return [];
  const told = `content-length is ${announced}, but the body has ${body.length} bytes`;
  const breaks = body.split('\n').length - 1;
  const returns = body.split('\r\n').length - 1;
  if (Number(announced) === body.length - 1 && body.endsWith('\n')) return [`${told}: a line break was probably added at its end.`];
  if (Number(announced) === body.length - 2 && body.endsWith('\r\n')) return [`${told}: a line break was probably added at its end.`];
  if (Number(announced) === body.length + breaks - returns) return [`${told}: its line breaks were probably CRLF and are LF now.`];
  return [`${told}: it is probably not as it travelled.`];
}

function headersAt(source: string, start: number): { readonly headers: readonly Header[]; readonly body: number | undefined } {
  const headers: Header[] = [];
  for (let at = start; at < source.length; ) {
    const { text, next, ended } = lineAt(source, at);
    if (text === '') return { headers, body: ended ? next : undefined };
    const header = HEADER.exec(text);
    if (header === null) throw noHeader(source, at, text);
    if (headers.push([header[1] ?? '', header[2] ?? '']) > HEADERS) {
      throw new ImportError(`There are more than ${HEADERS} headers.`, positionOf(source, at), 'Leave out those that are not signed.');
    }
    at = next;
  }
  return { headers, body: undefined };
}

function noHeader(source: string, at: number, text: string): ImportError {
  const position = positionOf(source, at);
  if (/^[ \t]/.test(text)) {
    return new ImportError('This line goes on with the header before it, which is not allowed any more.', position, 'Put the header on one line.');
  }
  if (/^[^:]*[ \t]+:/.test(text)) {
    return new ImportError('There is a space between the name of this header and its colon.', position, 'Take the space out.');
  }
  return new ImportError('This line is no header: a name, a colon and a value.', position, 'Put a blank line before the body, and each header on a line of its own.');
}

function lineAt(source: string, at: number): { readonly text: string; readonly next: number; readonly ended: boolean } {
  const end = source.indexOf('\n', at);
  const text = source.slice(at, end === -1 ? source.length : end).replace(/\r$/, '');
  return { text, next: end === -1 ? source.length : end + 1, ended: end !== -1 };
}

/** Whole, as far as a header names the host. */
function urlOf(target: string, headers: readonly Header[]): string {
  const host = headers.find(([name]) => /^(?:host|:authority)$/i.test(name))?.[1];
  return target.startsWith('/') && host !== undefined && host !== '' ? `https://${host}${target}` : target;
}
