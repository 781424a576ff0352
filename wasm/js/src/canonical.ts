/**
 * JSON in the one form that JavaScript gives it.
 *
 * @packageDocumentation
 */

export { canonicalize } from './json.js';
export type { JsonSyntaxError } from './json.js';
