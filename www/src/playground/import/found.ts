// A request that was read, with what there is to say about it.

import type { Request } from '../request';

export interface Found {
  readonly request: Request;
  /** When it was sent, as the file says it. */
  readonly time?: string;
  /** For people: what is missing or may not be as it travelled. */
  readonly notes: readonly string[];
}
