/** A request as it travelled, as far as it is known. */
export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

/** A header's value is text of Latin-1 code points as far as that is known: one of them is one byte. */
export type Header = readonly [name: string, value: string];
