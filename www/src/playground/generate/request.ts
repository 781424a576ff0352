// A request as what sends it: a command for a POSIX shell, a program for Node, and the bytes on the wire. The body is sent
// byte for byte, and nothing in the request can become anything but text.

import type { Request } from '../request';
import { latin1Bytes, textOf, toBase64, utf8 } from '../text';
import type { Bytes } from '../text';
import { literal } from './literal';
import { GenerateError, sendable } from './sendable';

export { GenerateError } from './sendable';

/** A longer body would be too long for an argument. */
const LONGEST_ARGUMENT = 100_000;

/** Runs in any POSIX shell with curl. Without a `content-type`, curl sends its own. @throws {@link GenerateError} */
export function curl(request: Request): string {
  const { method, url, headers, body } = sendable(request);
  const head = method === 'HEAD';
  if (head && body.length > 0) throw new GenerateError('body', 'curl sends no body with HEAD');
  const sends = body.length > 0 || /^(?:POST|PUT|PATCH)$/.test(method);
  const text = argumentOf(body);
  const lines = [
    // Brackets in a URL are no pattern, and dots in its path stay.
    `curl --globoff --path-as-is ${quoted(url)}`,
    ...(head ? ['--head'] : method === (sends ? 'POST' : 'GET') ? [] : [`-X ${quoted(method)}`]),
    ...headers.map(([name, value]) => `-H ${header(name, value)}`),
    ...(sends ? [text === undefined ? '--data-binary @-' : `--data-raw ${quoted(text)}`] : []),
  ];
  const command = lines.join(' \\\n  ');
  return sends && text === undefined ? `printf %s '${folded(toBase64(body))}' | base64 -d | ${command}` : command;
}

/** Of what is copied, some programs make spaces of these. */
const OTHER_SPACES = /(?! )\p{Zs}/u;

/** The body as a text that a shell, and a terminal it is pasted into, take as it is; undefined if it is none. */
function argumentOf(body: Uint8Array): string | undefined {
  const text = body.length > LONGEST_ARGUMENT ? undefined : textOf(body);
  return text === undefined || /[\0-\x09\x0b-\x1f\x7f-\x9f\ufeff]/.test(text) || OTHER_SPACES.test(text) ? undefined : text;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Terminals take lines of some thousand characters. */
const folded = (text: string): string => text.replace(/.{76}(?=.)/g, '$&\n');

function header(name: string, value: string): string {
  if (value === '') return quoted(`${name};`);
  const line = `${name}: ${value}`;
  const text = textOf(latin1Bytes(line) ?? new Uint8Array());
  if (text !== undefined && !/[\x09\x7f-\x9f]/.test(text)) return quoted(text);
  // Bytes that are no UTF-8 would be others in the text of a command.
  const octal = (char: string) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`;
  return `"$(printf '${line.replace(/[^A-Za-z0-9 :;.,=_/+-]/g, octal)}')"`;
}

/** A module for Node 20 and later. @throws {@link GenerateError} */
export function fetch(request: Request): string {
  const { method, url, headers, body } = sendable(request);
  const none = /^(?:GET|HEAD)$/i.test(method);
  if (none && body.length > 0) throw new GenerateError('body', `fetch sends no body with ${method}`);
  const text = textOf(body);
  const value = text === undefined ? `Buffer.from('${toBase64(body)}', 'base64')` : literal(text);
  return [
    `const response = await fetch(${literal(url)}, {`,
    `  method: ${literal(method)},`,
    ...(headers.length === 0 ? [] : ['  headers: [', ...headers.map(([name, value]) => `    [${literal(name)}, ${literal(value)}],`), '  ],']),
    ...(none ? [] : [`  body: ${value},`]),
    '});',
    'console.log(response.status, await response.text());',
    '',
  ].join('\n');
}

/** The bytes of HTTP/1.1. @throws {@link GenerateError} */
export function raw(request: Request): Bytes {
  const { method, target, host, headers, body } = sendable(request);
  const named = headers.some(([name]) => name.toLowerCase() === 'host');
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...(named ? [] : [`Host: ${host}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${body.length}`,
    '',
    '',
  ].join('\r\n');
  const start = latin1Bytes(head) ?? utf8(head);
  const whole = new Uint8Array(start.length + body.length);
  whole.set(start);
  whole.set(body, start.length);
  return whole;
}

/** {@link raw} as a text that is the same bytes once it is copied. @throws {@link GenerateError} also if there is none. */
export function rawText(request: Request): string {
  const text = textOf(raw(request));
  if (text !== undefined) return text;
  const [part, what] = textOf(request.body) === undefined ? (['body', 'the body'] as const) : (['header', nameOfOther(request)] as const);
  throw new GenerateError(part, `${what} is no text in UTF-8, and would be another once copied: take curl or fetch`);
}

const nameOfOther = ({ headers }: Request): string =>
  headers.find(([, value]) => textOf(latin1Bytes(value) ?? new Uint8Array()) === undefined)?.[0] ?? 'a header';
