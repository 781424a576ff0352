// What the entries share. It is one file of the package, so that the module exists once: once for `import`, that is, and
// once more for `require` in a process that uses both. What needs no module the entries take from elsewhere, since not
// every bundler sees through this file.

export type { Fault, VerificationCode } from './error.js';
export type { Part, Preset, PresetName, Replay, Scheme } from './scheme.js';
export type { Body, HeadersLike } from './inputs.js';
export { bytesOf, standardSecret } from './secret.js';
export type { KeyForm, Secret } from './secret.js';
export type {
  CloudEvent,
  EventOf,
  Events,
  GenericEvent,
  GenericEventType,
  ImmutaEvent,
  ImmutaEventType,
  ImmutaMetadata,
  ImmutaRequestEvent,
  ImmutaRequestEventType,
  OtherType,
  QlikEvent,
  QlikEventType,
  QlikLegacyEvent,
} from './event.js';
export { Engine } from './key.js';
export { BaseVerifier, signWith, verifyWith } from './verifier.js';
export type { Message, Parts, Verified, VerifierOptions } from './verifier.js';
