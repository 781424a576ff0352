// The body as somebody edits it. A text field of a browser knows one kind of line break, so a body is a text only if its
// bytes come back from it: what has other line breaks than one kind, or is no UTF-8, is edited as hex or base64. What is
// too long for a field is held as it is.

import { EDITABLE } from '../limits';
import { NotationError, fromBase64, fromHex, textOf, toBase64, toHex, utf8 } from '../text';
import type { Bytes } from '../text';

export type Form = 'text' | 'hex' | 'base64';

export type Body = Written | Held;

export interface Written {
  readonly form: Form;
  readonly text: string;
  /** Whether the line breaks of a text are CR LF. */
  readonly crlf: boolean;
}

/** Too long to be edited. */
export interface Held {
  readonly form: 'held';
  readonly bytes: Bytes;
}

export const EMPTY: Body = { form: 'text', text: '', crlf: false };

/** The bytes of a body, or what is wrong with how they are written. */
export function bytesOf(body: Body): Bytes | NotationError {
  if (body.form === 'held') return body.bytes;
  const { form, text, crlf } = body;
  if (form === 'text') return utf8(crlf ? text.replaceAll('\n', '\r\n') : text);
  try {
    const compact = text.replace(/\s+/g, '');
    return form === 'hex' ? fromHex(compact) : fromBase64(compact);
  } catch (error) {
    if (error instanceof NotationError) return error;
    throw error;
  }
}

/** Bytes in a form in which they can be edited, unless they are too many: as text if none is lost by it. */
export function bodyOf(bytes: Uint8Array): Body {
  if (bytes.length > EDITABLE) return { form: 'held', bytes: new Uint8Array(bytes) };
  const text = textOf(bytes);
  if (text !== undefined) {
    if (!text.includes('\r')) return { form: 'text', text, crlf: false };
    const unix = text.replaceAll('\r\n', '\n');
    if (!unix.includes('\r') && unix.replaceAll('\n', '\r\n') === text) return { form: 'text', text: unix, crlf: true };
  }
  return { form: 'hex', text: toHex(bytes), crlf: false };
}

/** A body that somebody has edited. */
export function edited(body: Written, text: string): Body {
  // As a text field has line breaks, whoever has put them there.
  const changed = { ...body, text: text.replace(/\r\n?/g, '\n') };
  const bytes = text.length > EDITABLE ? bytesOf(changed) : undefined;
  return bytes === undefined || bytes instanceof NotationError || bytes.length <= EDITABLE ? changed : { form: 'held', bytes };
}

/**
 * A body into which somebody pastes a text; undefined if the field itself does it right. It would drop each CR: among
 * other lines those that are pasted become like them, but what has no line yet is given the bytes that were copied.
 */
export function pasted(body: Written, [before, after]: readonly [string, string], text: string): Body | undefined {
  const exact = body.form === 'text' && text.includes('\r') && !`${before}${after}`.includes('\n');
  if (exact) return bodyOf(utf8(before + text + after));
  return text.length > EDITABLE ? edited(body, before + text + after) : undefined;
}

/** The same bytes in another form; as they are, if it is a text that they are to become and that they are not. */
export function inForm(body: Body, form: Form): Body {
  if (body.form === 'held') return body;
  const bytes = bytesOf(body);
  if (bytes instanceof NotationError) return { ...body, form };
  if (form === 'text') return bodyOf(bytes);
  return { form, text: form === 'hex' ? toHex(bytes) : toBase64(bytes), crlf: false };
}
