// Headers as somebody writes them: one a line, `name: value`. White space around a value is no part of it (RFC 9110,
// section 5.5).

import type { Header } from '../request';

export interface Read {
  readonly headers: readonly Header[];
  /** What is no header, by line, counted from 1. */
  readonly problems: readonly { readonly line: number; readonly text: string }[];
}

/** More headers than any server takes. */
const MOST = 1_000;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export function readHeaders(text: string): Read {
  const headers: Header[] = [];
  const problems: { line: number; text: string }[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.length > MOST) problems.push({ line: MOST + 1, text: `more than ${MOST} lines` });
  for (const [index, line] of lines.slice(0, MOST).entries()) {
    if (line.trim() === '') continue;
    const colon = line.indexOf(':', 1);
    const name = line.slice(0, colon < 0 ? line.length : colon).trim();
    if (colon < 0 || !NAME.test(name)) problems.push({ line: index + 1, text: line.slice(0, 80) });
    else headers.push([name, line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]);
  }
  return { headers, problems };
}

/** Each is one line, whatever a link or a file has put into it. */
export function writeHeaders(headers: readonly Header[]): string {
  return headers.map(([name, value]) => `${name}: ${value}`.replace(/[\r\n]/g, ' ')).join('\n');
}
