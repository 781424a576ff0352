/**
 * Verifies webhooks: whether they are genuine, in one line.
 *
 * @packageDocumentation
 */

export { canonicalize } from './json.js';
export type { JsonSyntaxError } from './json.js';
export { standardSecret } from './core.js';
export { VerificationError } from './error.js';
export { schemes } from './scheme.js';
export type {
  Body,
  CloudEvent,
  EventOf,
  Events,
  Fault,
  GenericEvent,
  GenericEventType,
  HeadersLike,
  ImmutaEvent,
  ImmutaEventType,
  ImmutaMetadata,
  ImmutaRequestEvent,
  ImmutaRequestEventType,
  KeyForm,
  Message,
  OtherType,
  Part,
  Preset,
  PresetName,
  QlikEvent,
  QlikEventType,
  QlikLegacyEvent,
  Replay,
  Scheme,
  Secret,
  VerificationCode,
  Verified,
  VerifierOptions,
} from './core.js';
export { explain } from './explain.js';
export type {
  Effort,
  Explanation,
  ExplainOptions,
  GenuineExplanation,
  Hint,
  HintCode,
  Mistake,
  MistakeCode,
  RefusedExplanation,
} from './explain.js';
export { Verifier, sign, verify } from './full.js';
