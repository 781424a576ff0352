// What cannot be read, where, and what to do.

import { latin1Bytes } from '../text';

/** A place in what was pasted, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export class ImportError extends Error {
  override readonly name = 'ImportError';

  constructor(
    /** What is wrong, in a sentence. */
    message: string,
    /** Where; undefined if it is wrong as a whole. */
    readonly position: Position | undefined,
    /** What to do, in a sentence. */
    readonly remedy: string,
  ) {
    super(message);
  }
}

const lenient = new TextDecoder();

/** Where an offset stands in a text that has one code point for each byte of UTF-8; columns count characters. */
export function positionOf(source: string, offset: number): Position {
  const before = source.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  const column = [...lenient.decode(latin1Bytes(before.slice(start)))].length + 1;
  return { line, column };
}
