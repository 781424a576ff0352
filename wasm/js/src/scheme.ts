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
  readonly algorithm?: 'hmac-sha256' | 'hmac-sha512' | 'hmac-sha1';
  /** `hex` unless said; hex is read in either case, `base64` with its padding, `base64url` with or without. */
  readonly encoding?: 'hex' | 'base64' | 'base64url';
  /** A text before the signature, like `sha256=`; it does not begin with a space. */
  readonly prefix?: string;
  /**
   * Given, the header is a list, separated so; entries that do not begin with `prefix`, like those of other versions,
   * are passed over.
   */
  readonly separator?: ' ' | ',';
  /** What is signed, in order; `['body']` unless said. */
  readonly signed?: readonly Part[];
  /** The header that carries the message id; it must be signed. */
  readonly idHeader?: string;
  /** The header that carries the time in seconds since 1970; it must be signed. */
  readonly timestampHeader?: string;
  /** The time stands in the signature header's list instead, behind this text, like `t=`; it must be signed. */
  readonly timestampPrefix?: string;
  /** The header of a weaker signature that is not accepted; a request that has only that one is told so. */
  readonly weakerHeader?: string;
  /** How far the signed time may be off, in whole seconds, either way; 300 unless said. */
  readonly tolerance?: number;
  /** `raw` (the bytes that travel) unless said, or `canonical` (`JSON.stringify` of the payload). */
  readonly body?: 'raw' | 'canonical';
  /**
   * `whole` (the secret as it is) unless said; `standard-webhooks` (what follows `whsec_`, decoded, or what is derived
   * from any other secret); `base64` (decoded, behind `whsec_` or without it, and nothing else).
   */
  readonly key?: 'whole' | 'standard-webhooks' | 'base64';
}

/** What a scheme offers against replays: nothing, a signed time, a signed id, or both. */
export type Replay = 'nothing' | 'time' | 'id' | 'id-and-time';

/** A scheme that is built in: all that every scheme has is spelt out. */
export interface Preset extends Scheme {
  readonly name: PresetName;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha512' | 'hmac-sha1';
  readonly encoding: 'hex' | 'base64' | 'base64url';
  readonly signed: readonly Part[];
  readonly body: 'raw' | 'canonical';
  readonly key: 'whole' | 'standard-webhooks' | 'base64';
  /** What it offers against replays. */
  readonly replay: Replay;
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
 * schemes.stripe.timestampPrefix; // 't='
 * schemes.github.replay; // 'nothing'
 * ```
 */
export const schemes: { readonly [Name in PresetName]: Preset } = presets;

/** What a scheme offers against replays. Of a name that is none nothing is said: the verifier refuses it. */
export function replayOf(scheme: PresetName | Scheme): Replay {
  const signed = (typeof scheme === 'string' ? schemes[scheme]?.signed : scheme.signed) ?? [];
  const [id, time] = [signed.includes('id'), signed.includes('timestamp')];
  return id && time ? 'id-and-time' : id ? 'id' : time ? 'time' : 'nothing';
}
