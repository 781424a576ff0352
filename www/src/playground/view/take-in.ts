// Takes in what somebody pastes, drops or chooses: as text, never run, with the secret that is entered left as it is.

import { signal } from '@preact/signals';

import type { Imported, ImportedRequest } from '../import';
import { isCurl } from '../import/is-curl';
import { LONGEST } from '../import/limits';
import { ask } from '../worker/bridge';
import type { Unreadable } from '../worker/protocol';
import { bodyOf } from './body';
import { writeHeaders } from './headers';
import { forgetLink } from './link';
import { toResult } from './result';
import { begin } from './round';
import { body, canonical, choice, headersText, mode, notes, now, take, tolerance } from './state';

export type Shown =
  | { readonly kind: 'asking' }
  | { readonly kind: 'choosing'; readonly requests: readonly ImportedRequest[]; readonly notes: readonly string[] }
  | { readonly kind: 'problem'; readonly error: Omit<Unreadable, 'kind'> };

/** The dialog, if it is open. */
export const shown = signal<Shown | undefined>(undefined);

/** While something is read. */
export const busy = signal(false);

/** Takes in whatever it is; what cannot be read, or is several requests, is shown in the dialog. */
export async function takeIn(given: string | File, told: readonly string[] = []): Promise<void> {
  const current = begin();
  busy.value = true;
  const imported = await reading(given).finally(() => (busy.value = false));
  if (!current()) return;
  const noted = imported.kind === 'unreadable' ? [] : [...told, ...imported.notes];
  if (imported.kind === 'unreadable') {
    shown.value = { kind: 'problem', error: imported };
    return;
  }
  if (imported.kind === 'headers') {
    headersText.value = writeHeaders(imported.headers);
  } else if (imported.kind === 'body') {
    body.value = bodyOf(imported.body);
  } else {
    const [first, ...others] = imported.requests;
    if (others.length > 0) {
      shown.value = { kind: 'choosing', requests: imported.requests, notes: noted };
      return;
    }
    choose(first, noted);
    return;
  }
  finish(noted);
}

/** Closes the dialog; what is still being read for it is not taken in. */
export function close(): void {
  if (busy.value) begin();
  shown.value = undefined;
}

async function reading(given: string | File): Promise<Imported | Unreadable> {
  let content;
  try {
    content = typeof given === 'string' ? given : new Uint8Array(await given.arrayBuffer());
  } catch {
    return unreadable('This cannot be read.', 'If it is a folder, choose a file in it; if it is a file, it may have been moved or changed: choose it again.');
  }
  return ask('read', content).catch((error: Error) => unreadable(error.message, 'Try a smaller part of it.'));
}

export function choose({ request, notes: own }: ImportedRequest, all: readonly string[]): void {
  mode.value = 'verify';
  choice.value = 'auto';
  // They were of what was there before.
  now.value = '';
  tolerance.value = '';
  canonical.value = false;
  take(request);
  finish([...all, ...own]);
}

function finish(told: readonly string[]): void {
  forgetLink();
  notes.value = told;
  if (shown.value === undefined) return;
  shown.value = undefined;
  // Once the dialog is gone, and with it what had the focus.
  setTimeout(toResult);
}

const unreadable = (message: string, remedy: string): Unreadable => ({ kind: 'unreadable', message, position: undefined, remedy });

/** Whether a text that is pasted where headers go looks like a whole request: a command, a file, or with a body. */
export function isWhole(text: string): boolean {
  return isCurl(text) || /^\s*(?:\{|[A-Z]+ \S+ HTTP\/)/.test(text) || /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^]*?\r?\n\r?\n\s*\S/.test(text.slice(0, 65_536));
}

/** Takes in the first of what was chosen or dropped, and tells of the others. */
export async function takeFiles(files: Iterable<File>): Promise<void> {
  const [file, ...others] = files;
  if (file === undefined) return;
  if (file.size > LONGEST) shown.value = { kind: 'problem', error: unreadable('The file is larger than 32 MiB.', 'Take the request out of it, and import that.') };
  else await takeIn(file, others.length === 0 ? [] : [`${others.length + 1} files were dropped, and one is looked at at a time: this is ${file.name}.`]);
}
