// What HTTP can carry: a request is checked once, and everything that is generated is made of the result.

import type { Header, Request } from '../request';
import { latin1Bytes } from '../text';

/** A request that cannot be sent as it is. */
export class GenerateError extends Error {
  override readonly name = 'GenerateError';

  constructor(
    /** What is wrong with the request. */
    readonly part: 'method' | 'url' | 'header' | 'body',
    message: string,
  ) {
    super(message);
  }
}

export interface Sendable extends Request {
  /** As it stands in the URL, without its fragment. */
  readonly target: string;
  readonly host: string;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** They are of one connection, or said by whoever sends. */
const OWN = new Set(['connection', 'content-length', 'expect', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** The request, without headers that a sender makes itself. @throws {@link GenerateError} */
export function sendable(request: Request): Sendable {
  const { method, body } = request;
  if (!TOKEN.test(method)) throw new GenerateError('method', `${JSON.stringify(method)} is no method`);
  if (/^(?:CONNECT|TRACE)$/i.test(method)) throw new GenerateError('method', `${method} is not for webhooks`);
  const url = urlOf(request.url);
  const headers = request.headers.map(headerOf).filter(([name]) => !OWN.has(name.toLowerCase()));
  return { method, url: url.href, headers, body, target: url.pathname + url.search, host: url.host };
}

function urlOf(text: string): URL {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new GenerateError('url', `${JSON.stringify(text.slice(0, 200))} is no whole URL`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new GenerateError('url', 'the URL does not begin with http:// or https://');
  if (url.username !== '' || url.password !== '') throw new GenerateError('url', 'the URL holds a user or a password: take them out');
  url.hash = '';
  return url;
}

function headerOf([name, value]: Header): Header {
  if (!TOKEN.test(name)) throw new GenerateError('header', `${JSON.stringify(name.slice(0, 200))} is no name of a header`);
  // White space around a value is not part of it.
  const text = value.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) throw new GenerateError('header', `${name} has a control character, which no header can carry`);
  if (latin1Bytes(text) === undefined) throw new GenerateError('header', `${name} has a character that is no byte`);
  return [name, text];
}
