// What the playground offers to look at. `samples.ts` beside the build's configuration makes them of the vectors that all
// of sigpost is held against; none is signed at build time.

import type { MistakeCode, PresetName, VerificationCode } from 'sigpost';

import type { Header } from './request';

export interface Sample {
  /** For links: lower-case letters, digits, hyphens. */
  readonly id: string;
  readonly title: string;
  readonly group: SampleGroup;
  /** What is to be seen, in a sentence or two. */
  readonly about: string;
  readonly scheme: PresetName;
  /** Newest first. All are published examples, so none is secret. */
  readonly secrets: readonly string[];
  readonly headers: readonly Header[];
  readonly body: { readonly text: string } | { readonly base64: string };
  /** When it is looked at, in milliseconds since 1970. */
  readonly now: number;
  /** What becomes of it: of one that is to be signed, once it is. */
  readonly expect: 'genuine' | VerificationCode;
  /** What `explain` finds, if there is something to mend. */
  readonly mistake?: MistakeCode;
  /** The body alone is known: sign it with this scheme and the first secret before it is shown. */
  readonly sign?: PresetName;
}

export type SampleGroup = 'Signed by each scheme' | 'Sent by each system' | 'Mistakes people make';
