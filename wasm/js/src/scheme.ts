import { schemes as presets } from './generated/schemes.js';

/** The name of a scheme that is built in. */
export type PresetName = keyof typeof presets;

/** A part of what is signed. */
export type Part = 'body' | 'id' | 'timestamp' | { readonly text: string };

/** How a sender signs, as data. Only `name` and `header` are required; texts are ASCII, header names in lower case. */
export interface Scheme {
  /** For logs: lower-case letters, digits, hyphens, underscores. */
  readonly name: string;
  /** The header that carries the signature. */
  readonly header: string;
  /** `hmac-sha256` unless said. */
  readonly algorithm?: 'hmac-sha256' | 'hmac-sha1';
  /** `hex` unless said. */
  readonly encoding?: 'hex' | 'base64';
  /** A text before the signature, like `sha256=`; it does not begin with a space. */
  readonly prefix?: string;
  /**
   * The header is a list of `VERSION,SIGNATURE` separated by spaces, and this is the version that counts.
   * It holds neither a space nor a comma.
   */
  readonly version?: string;
  /** What is signed, in order; `['body']` unless said. */
  readonly signed?: readonly Part[];
  /** The header that carries the message id; it must be signed. */
  readonly idHeader?: string;
  /** The header that carries the time in seconds since 1970; it must be signed. */
  readonly timestampHeader?: string;
  /** The header of a weaker signature that is not accepted; a request that has only that one is told so. */
  readonly weakerHeader?: string;
  /** How far the signed time may be off, in seconds, either way; 300 unless said. */
  readonly tolerance?: number;
  /** `raw` (the bytes that travel) unless said, or `canonical` (`JSON.stringify` of the payload). */
  readonly body?: 'raw' | 'canonical';
  /** `whole` (the secret as it is) unless said, or `standard-webhooks` (what follows `whsec_`, decoded). */
  readonly key?: 'whole' | 'standard-webhooks';
}

/** A scheme that is built in: all that every scheme has is spelt out. */
export interface Preset extends Scheme {
  readonly name: PresetName;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha1';
  readonly encoding: 'hex' | 'base64';
  readonly signed: readonly Part[];
  readonly body: 'raw' | 'canonical';
  readonly key: 'whole' | 'standard-webhooks';
  /** What it offers against replays: nothing, a signed time, a signed id, or both. */
  readonly replay: 'nothing' | 'time' | 'id' | 'id-and-time';
}

/**
 * The schemes that are built in, by name.
 *
 * @example
 * ```js
 * import { schemes } from 'sigpost';
 *
 * schemes.qlik.header; // 'qlik-signature'
 * schemes['standard-webhooks'].tolerance; // 300
 * ```
 */
export const schemes: { readonly [Name in PresetName]: Preset } = presets;
