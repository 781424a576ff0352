// Reads what somebody pastes or drops, whatever it is: a HAR file, a request as it stands on the wire, a curl command, a
// list of headers, or a body. Nothing in it is run, and nothing is fetched.

import { recognise } from '../recognise';
import type { Candidate } from '../recognise';
import type { Header } from '../request';
import { latin1, textOf, utf8 } from '../text';
import { readCurl } from './curl';
import { ImportError } from './error';
import type { Found } from './found';
import { entriesOf, readEntries } from './har';
import { readHead, readRequest } from './http';
import { isCurl } from './is-curl';
import { LONGEST } from './limits';

export { ImportError } from './error';
export type { Position } from './error';

export interface ImportedRequest extends Found {
  /** The schemes whose headers are there, the likeliest first: what is worth choosing of many. */
  readonly schemes: readonly Candidate[];
}

export type Imported =
  | {
      readonly kind: 'har' | 'http' | 'curl';
      /** At least one; more only of a HAR file. */
      readonly requests: readonly [ImportedRequest, ...ImportedRequest[]];
      readonly notes: readonly string[];
    }
  | { readonly kind: 'headers'; readonly headers: readonly Header[]; readonly notes: readonly string[] }
  | { readonly kind: 'body'; readonly body: Uint8Array; readonly notes: readonly string[] };

/** @throws {@link ImportError} */
export function read(input: string | Uint8Array): Imported {
  const bytes = typeof input === 'string' ? utf8(input) : input;
  if (bytes.length > LONGEST) throw new ImportError('This is longer than 32 MiB.', undefined, 'Take the request out of it, and paste that.');
  const text = textOf(bytes);
  if (bytes.length === 0 || text?.trim() === '') {
    throw new ImportError('There is nothing in it.', undefined, 'Paste a request, a curl command, headers or a body, or drop a HAR file.');
  }
  const entries = text === undefined ? undefined : entriesOf(text.replace(/^\ufeff/, ''));
  if (entries !== undefined) {
    const { found, notes } = readEntries(entries);
    return requestsOf('har', found, notes);
  }
  // Of a request it is no part; of a body it is.
  const source = latin1(bytes).replace(/^\xef\xbb\xbf/, '');
  if (text !== undefined && isCurl(source)) {
    return requestsOf('curl', [readCurl(source)], []);
  }
  refuseOthers(source);
  const head = readHead(source);
  if (head === undefined) return { kind: 'body', body: bytes, notes: [] };
  const { body, method, headers } = head;
  const none = body === undefined || source.slice(body).trim() === '';
  return method === undefined && none ? { kind: 'headers', headers, notes: [] } : requestsOf('http', [readRequest(source, head)], []);
}

function requestsOf(kind: 'har' | 'http' | 'curl', found: readonly Found[], notes: readonly string[]): Imported {
  const [first, ...others] = found.map(mended).map((one) => ({ ...one, schemes: recognise(one.request.headers, one.request.body) }));
  if (first === undefined) throw new ImportError('There is no request in it.', undefined, 'Paste one.');
  return { kind, requests: [first, ...others], notes };
}

/**
 * With headers that can be headers: a file or a command may hold others, one of which would become two where each has a
 * line. A line break in a value is a space to whoever receives it (RFC 9110, section 5.5).
 */
function mended(found: Found): Found {
  const notes: string[] = [];
  const headers = found.request.headers.flatMap(([name, value]): Header[] => {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
      notes.push(`${JSON.stringify(name.slice(0, 64))} is no name of a header: it was left out.`);
      return [];
    }
    if (!/[\r\n\0]/.test(value)) return [[name, value]];
    notes.push(`The header ${name} has a line break or a NUL, which none can have: a space was taken for it.`);
    return [[name, value.replace(/[\r\n\0]/g, ' ')]];
  });
  return notes.length === 0 ? found : { ...found, request: { ...found.request, headers }, notes: [...found.notes, ...notes] };
}

/** What tools also copy requests as. */
function refuseOthers(source: string): void {
  const start = source.slice(0, 200);
  const what = /^\s*(?:await\s+)?fetch\(\s*["'`]/.test(start) ? 'JavaScript' : /^\s*(?:\$session\s*=|Invoke-(?:WebRequest|RestMethod)\b)/i.test(start) ? 'PowerShell' : undefined;
  if (what !== undefined) {
    throw new ImportError(`This is a request as ${what}, which is not run here.`, { line: 1, column: 1 }, 'Copy it as cURL instead.');
  }
}
