// What the page and its worker say to each other. Everything that holds a secret is asked here and answered without it.

import type { Explanation, PresetName, Scheme, VerificationCode } from 'sigpost';

import type { Imported, Position } from '../import';
import type { Header } from '../request';
import type { Shared } from '../share';

/** What is to be verified. */
export interface Case {
  readonly scheme: PresetName | Scheme;
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly headers: readonly Header[];
  readonly body: Uint8Array<ArrayBuffer>;
  /** In milliseconds since 1970. */
  readonly now: number;
  /** In seconds; `null` accepts any age; the scheme's own if undefined. */
  readonly tolerance: number | null | undefined;
  /** Whether `JSON.stringify` of the body is what was signed. */
  readonly canonical: boolean;
}

/** What is to be signed. */
export interface Signable {
  readonly scheme: PresetName | Scheme;
  readonly secret: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly id: string | undefined;
  /** In seconds since 1970. */
  readonly timestamp: number | undefined;
}

/** What the page may ask, by name: what it gives and what it gets. */
export interface Questions {
  /** Whether it is genuine, how the signature is made, and what other schemes say of the same request. */
  readonly judge: readonly [asked: { readonly about: Case; readonly others: readonly PresetName[] }, answer: Judgement];
  /** Why it is not. Takes up to a second, so it is a question of its own. */
  readonly explain: readonly [asked: Case, answer: Explanation];
  /** What somebody pasted or dropped. */
  readonly read: readonly [asked: string | Uint8Array<ArrayBuffer>, answer: Imported | Unreadable];
  readonly sign: readonly [asked: Signable, answer: readonly Header[]];
  /** Where a link to this would give a secret away, in words; undefined if it would not. */
  readonly leaks: readonly [asked: { readonly shared: Shared; readonly secrets: readonly string[] }, answer: string | undefined];
}

/** An `ImportError`, as it comes through. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly message: string;
  readonly position: Position | undefined;
  readonly remedy: string;
}

export type Name = keyof Questions;

export interface Asked<N extends Name = Name> {
  readonly number: number;
  readonly name: N;
  readonly about: Questions[N][0];
}

export type Answered =
  | { readonly number: number; readonly answer: unknown }
  | { readonly number: number; readonly failure: Failure };

/** Why there is no answer. */
export interface Failure {
  /** Of a `VerificationError`; none of any other. */
  readonly code: VerificationCode | undefined;
  readonly message: string;
}

export type Verdict =
  | { readonly kind: 'genuine'; readonly secretIndex: number; readonly id: string | undefined; readonly timestamp: number | undefined }
  | { readonly kind: 'refused'; readonly code: VerificationCode; readonly fault: 'sender' | 'receiver'; readonly header: string | undefined; readonly message: string };

export interface Judgement {
  readonly verdict: Verdict;
  /** Missing only where the scheme makes no sense. */
  readonly trace: Trace | undefined;
  /** By other schemes whose headers are there too. */
  readonly others: readonly { readonly scheme: PresetName; readonly verdict: Verdict }[];
}

/** How a signature is made, step by step. */
export interface Trace {
  readonly canonical: Canonical;
  /** Whether the canonical form is what is signed. */
  readonly signsCanonical: boolean;
  /** What goes into the HMAC, in order. The body is named, not repeated. */
  readonly message: readonly MessagePart[];
  readonly algorithm: 'hmac-sha256' | 'hmac-sha512' | 'hmac-sha1';
  readonly encoding: 'hex' | 'base64' | 'base64url';
  /** What the HMAC is with each secret, or why there is none; none without a secret. */
  readonly computed: readonly Computed[];
  /** The header of the signature, taken apart; undefined if it is not there. */
  readonly header: { readonly name: string; readonly pieces: readonly HeaderPiece[] } | undefined;
}

/** What `JSON.stringify` makes of the body. */
export type Canonical =
  | { readonly kind: 'same' }
  | {
      readonly kind: 'differs';
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** How many characters, which are the same, stand before what is shown. */
      readonly skipped: number;
      /** As far as they are shown; undefined if too many members are moved for that. */
      readonly pieces: readonly DiffPiece[] | undefined;
      /** How many characters of the body stand behind them. */
      readonly cut: number;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** A piece of raw and canonical body laid over each other; `raw` and `canonical` stand in one of them only. */
export interface DiffPiece {
  readonly text: string;
  readonly of: 'both' | 'raw' | 'canonical';
}

export type PartKind = 'id' | 'timestamp' | 'text' | 'body';

export type MessagePart =
  | { readonly kind: 'body'; readonly bytes: number }
  | { readonly kind: 'text'; readonly text: string }
  /** Of a header, as it is written there; undefined if it is not there. */
  | { readonly kind: 'id' | 'timestamp'; readonly text: string | undefined; readonly from: string };

export type Computed = { readonly text: string } | { readonly failure: string };

export interface HeaderPiece {
  readonly kind: 'prefix' | 'signature' | 'timestamp' | 'separator' | 'other';
  readonly text: string;
  /** Of a signature: which secret it was made with, counted from 0. */
  readonly secretIndex?: number;
}
