/**
 * Who has to do something about an error.
 *
 * @example
 * ```js
 * import { verify } from 'sigpost';
 *
 * const statusOf = (secret) => {
 *   try {
 *     verify('qlik', secret, {}, '{}');
 *     return 200;
 *   } catch ({ fault }) {
 *     return fault === 'sender' ? 401 : 500;
 *   }
 * };
 * statusOf('secret'); // 401
 * statusOf(''); // 500
 * ```
 */
export type Fault =
  /** Whoever sent the request: answer 401 and nothing more. */
  | 'sender'
  /** The program that verifies: answer 500 and mend it. */
  | 'receiver';

/**
 * Why a request does not verify. These names never change.
 *
 * @example
 * ```ts
 * import { VerificationError, type VerificationCode } from 'sigpost';
 *
 * const CLOCKS: readonly VerificationCode[] = ['stale_timestamp', 'future_timestamp'];
 *
 * // Many of these at once, and the clock of this machine is wrong.
 * export const isOfClocks = (error: unknown): boolean =>
 *   error instanceof VerificationError && CLOCKS.includes(error.code);
 * ```
 */
export type VerificationCode =
  | keyof typeof SENDER
  | 'no_secret'
  | 'invalid_secret'
  | 'unknown_scheme'
  | 'invalid_scheme'
  | 'invalid_tolerance'
  | 'invalid_option'
  | 'invalid_body'
  | 'invalid_headers'
  | 'invalid_id'
  | 'invalid_timestamp'
  | 'body_changed'
  | 'disposed'
  | 'internal';

/** Those that are the sender's fault. */
const SENDER = {
  mismatch: 0,
  missing_header: 0,
  duplicate_header: 0,
  malformed_header: 0,
  sha1_only: 0,
  stale_timestamp: 0,
  future_timestamp: 0,
  not_json: 0,
  body_too_large: 0,
  headers_too_large: 0,
};

/**
 * What verifying throws. `message` is for your own logs: to whoever sent the request, answer one fixed 401 and say
 * nothing else.
 *
 * @example
 * ```js
 * import { verify } from 'sigpost';
 *
 * try {
 *   verify('qlik', 'secret', {}, 'body');
 * } catch (error) {
 *   error.code; // 'missing_header'
 *   error.header; // 'qlik-signature'
 *   error.fault; // 'sender'
 * }
 * ```
 */
export class VerificationError extends Error {
  static {
    this.prototype.name = 'VerificationError';
  }
  /** What is wrong. */
  declare readonly code: VerificationCode;
  /** The header that it is wrong with, if it is one. */
  declare readonly header: string | undefined;
  /** Who has to do something about it. */
  declare readonly fault: Fault;

  /** @internal */
  constructor(code: VerificationCode, message: string, details: { header?: string; cause?: unknown } = {}) {
    super(message, details);
    this.code = code;
    this.header = details.header;
    this.fault = code in SENDER ? 'sender' : 'receiver';
  }
}

/** What is said of a header that is not of the scheme's form. */
export const malformed = (header: string): VerificationError =>
  new VerificationError('malformed_header', `header ${header} is not of the scheme's form`, { header });
