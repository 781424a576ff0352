/** Who has to do something about an error. */
export type Fault =
  /** Whoever sent the request: answer 401 and nothing more. */
  | 'sender'
  /** The program that verifies: answer 500 and mend it. */
  | 'receiver';

/** Why a request does not verify. These names never change. */
export type VerificationCode = keyof typeof FAULTS;

const FAULTS = {
  mismatch: 'sender',
  missing_header: 'sender',
  duplicate_header: 'sender',
  malformed_header: 'sender',
  sha1_only: 'sender',
  stale_timestamp: 'sender',
  future_timestamp: 'sender',
  not_json: 'sender',
  body_too_large: 'sender',
  headers_too_large: 'sender',
  no_secret: 'receiver',
  invalid_secret: 'receiver',
  unknown_scheme: 'receiver',
  invalid_scheme: 'receiver',
  invalid_tolerance: 'receiver',
  invalid_option: 'receiver',
  invalid_body: 'receiver',
  invalid_headers: 'receiver',
  invalid_id: 'receiver',
  invalid_timestamp: 'receiver',
  body_changed: 'receiver',
  disposed: 'receiver',
  internal: 'receiver',
} as const satisfies Record<string, Fault>;

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
  readonly code: VerificationCode;
  /** The header that it is wrong with, if it is one. */
  readonly header: string | undefined;
  /** Who has to do something about it. */
  readonly fault: Fault;

  /** @internal */
  constructor(code: VerificationCode, message: string, details: { header?: string; cause?: unknown } = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.header = details.header || undefined;
    this.fault = FAULTS[code];
  }
}

/** What is said of a header that is not of the scheme's form. */
export const malformed = (header: string): VerificationError =>
  new VerificationError('malformed_header', `header ${header} is not of the scheme's form`, { header });
