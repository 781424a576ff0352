// What the entries share. It is one file of the package, so that the module and the error exist once: once for `import`,
// that is, and once more for `require` in a process that uses both.

export { VerificationError } from './error.js';
export type { Fault, VerificationCode } from './error.js';
export { schemes } from './scheme.js';
export type { Part, Preset, PresetName, Replay, Scheme } from './scheme.js';
export type { Body, HeadersLike } from './inputs.js';
export type { Secret } from './engine.js';
export { BaseVerifier, noCanonical, signWith, standardSecret, verifyWith } from './verifier.js';
export type { Canonicalize, Message, Verified, VerifierOptions } from './verifier.js';
