// The body of a request that was sent in chunks (RFC 9112, 7.1).

import { ImportError, positionOf } from './error';

/**
 * The body of the chunks that begin there; undefined if no chunk does, as where a tool has put them together already.
 * @throws {@link ImportError} if they are broken.
 */
export function dechunked(source: string, start: number): string | undefined {
  const size = /([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n/y;
  const pieces: string[] = [];
  let at = start;
  for (;;) {
    size.lastIndex = at;
    const line = size.exec(source);
    if (line === null) {
      if (at === start) return undefined;
      throw broken(source, at, 'Here the size of a chunk should stand, in hexadecimal digits.');
    }
    const length = Number.parseInt(line[1] ?? '', 16);
    if (length === 0) return pieces.join('');
    const from = at + line[0].length;
    const [end] = /^\r?\n/.exec(source.slice(from + length, from + length + 2)) ?? [];
    if (end === undefined) {
      // Digits that begin a line may be a body by themselves.
      if (at === start && from + length > source.length) return undefined;
      throw broken(source, at, `This chunk is said to have ${length} bytes, and no line break follows them.`);
    }
    pieces.push(source.slice(from, from + length));
    at = from + length + end.length;
  }
}

function broken(source: string, at: number, message: string): ImportError {
  return new ImportError(message, positionOf(source, at), 'Paste the body as it is once its chunks are put together, without transfer-encoding.');
}
