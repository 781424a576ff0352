// What is signed, as the scheme has it.

import { write } from './digits.js';
import type { Part } from './scheme.js';

/** What is signed beside a body. */
export type Around = Exclude<Part, 'body'>;

/** What is signed: a body, and the texts before and behind it, which are ASCII and less than 5 KiB. */
export interface Message {
  readonly parts: { readonly before: readonly Around[]; readonly after: readonly Around[] };
  readonly id?: string | undefined;
  /** As it is written in the header. */
  readonly time?: string | undefined;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** Writes the texts of parts and returns where they end. */
export function put(buffer: Uint8Array, start: number, parts: readonly Around[], { id, time }: Message): number {
  let end = start;
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index] as Around;
    // The scheme sees to it that there is one.
    end = write(buffer, (part === 'id' ? id : part === 'timestamp' ? time : part.text) as string, end);
  }
  return end;
}
