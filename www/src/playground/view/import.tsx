// Ways in for whole requests: pasted or chosen in a dialog, dropped anywhere, or pasted into the headers. What is taken
// in is read as text and never run; the secret that is entered stays.

import { signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Button, Dialog, Field, Notice } from '../../ui/ui';
import type { ImportedRequest } from '../import';
import { isCurl } from '../import/is-curl';
import { ask } from '../worker/bridge';
import type { Unreadable } from '../worker/protocol';
import { titleOf } from './schemes';
import { body, canonical, choice, headersText, mode, now, take, tolerance } from './state';
import { bodyOf } from './body';
import { forgetLink } from './link';
import { writeHeaders } from './headers';

type Shown =
  | { readonly kind: 'asking' }
  | { readonly kind: 'choosing'; readonly requests: readonly ImportedRequest[]; readonly notes: readonly string[] }
  | { readonly kind: 'problem'; readonly error: Omit<Unreadable, 'kind'> };

/** The dialog, if it is open. */
const shown = signal<Shown | undefined>(undefined);
/** What is worth knowing about what was taken in. */
export const notes = signal<readonly string[]>([]);

export function ImportButton() {
  return (
    <>
      <Button onClick={() => (shown.value = { kind: 'asking' })}>Import…</Button>
      {shown.value !== undefined && <ImportDialog now={shown.value} />}
    </>
  );
}

/** Takes in whatever it is; what cannot be read, or is several requests, is shown in the dialog. */
export async function takeIn(given: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const imported = await ask('read', given).catch((error: Error): Unreadable => unreadable(error.message, 'Try a smaller part of it.'));
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
      shown.value = { kind: 'choosing', requests: imported.requests, notes: imported.notes };
      return;
    }
    choose(first, imported.notes);
    return;
  }
  finish(imported.notes);
}

function choose({ request, notes: own }: ImportedRequest, all: readonly string[]): void {
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
  shown.value = undefined;
}

const unreadable = (message: string, remedy: string): Unreadable => ({ kind: 'unreadable', message, position: undefined, remedy });

/** Whether a text that is pasted where headers go looks like a whole request: a command, a file, or with a body. */
export function isWhole(text: string): boolean {
  return isCurl(text) || /^\s*(?:\{|[A-Z]+ \S+ HTTP\/)/.test(text) || /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^]*?\r?\n\r?\n\s*\S/.test(text.slice(0, 65_536));
}

function ImportDialog({ now: state }: { readonly now: Shown }) {
  const text = useSignal('');
  const busy = useSignal(false);
  return (
    <Dialog title="Import a request" onClose={() => (shown.value = undefined)} sheet={state.kind === 'choosing'}>
      {state.kind === 'choosing' ? <Chooser requests={state.requests} notes={state.notes} /> : (
        <>
          <p>A HAR file of the browser’s network tab, a raw HTTP request, a curl command, or headers or a body alone. It is read here and sent nowhere; nothing in it is run.</p>
          {state.kind === 'problem' && (
            <Notice tone="bad" live="alert" title={state.error.message}>
              <p>{state.error.position !== undefined && `Line ${state.error.position.line}, column ${state.error.position.column}. `}{state.error.remedy}</p>
            </Notice>
          )}
          <Field label="Paste it here">
            {(control) => <textarea {...control} class="input mono" rows={8} value={text.value} spellcheck={false} onInput={({ currentTarget }) => (text.value = currentTarget.value)} />}
          </Field>
          <div class="row between">
            <label class="button">
              Choose a file…
              <input type="file" class="visually-hidden" onChange={({ currentTarget }) => void takeFile(currentTarget.files?.[0])} />
            </label>
            <Button kind="primary" busy={busy.value} onClick={() => { busy.value = true; void takeIn(text.value).finally(() => (busy.value = false)); }}>Import</Button>
          </div>
        </>
      )}
    </Dialog>
  );
}

/** More are not listed: nobody looks through them. Those with a signature come first. */
const MOST = 500;

function Chooser({ requests, notes: all }: { readonly requests: readonly ImportedRequest[]; readonly notes: readonly string[] }) {
  const signed = [...requests].sort((one, other) => Number(other.schemes.length > 0) - Number(one.schemes.length > 0));
  return (
    <div class="stack">
      <p>{requests.length} requests. Those that carry a signature come first.</p>
      <ul class="chooser">
        {signed.slice(0, MOST).map((one, index) => (
          <li key={index}>
            <button type="button" class="button" onClick={() => choose(one, all)}>
              <span class="mono">{one.request.method}</span> <span class="break">{one.request.url.slice(0, 200)}</span>
              <span class="faint small">{one.time} {one.schemes.map(({ scheme }) => titleOf(scheme)).join(', ')}</span>
            </button>
          </li>
        ))}
      </ul>
      {requests.length > MOST && <p class="faint">{requests.length - MOST} more are not listed.</p>}
    </div>
  );
}

async function takeFile(file: File | undefined): Promise<void> {
  if (file === undefined) return;
  if (file.size > LARGEST) shown.value = { kind: 'problem', error: unreadable('The file is larger than 32 MiB.', 'Take the request out of it, and import that.') };
  else await takeIn(new Uint8Array(await file.arrayBuffer()));
}

const LARGEST = 32 << 20;

/** A text that is dragged into a field is the field's, a secret above all. */
const isForField = ({ target, dataTransfer }: DragEvent): boolean =>
  target instanceof Element && target.closest('input, textarea') !== null && dataTransfer?.types.includes('Files') !== true;

/** Whether something is held over the page that could be dropped. */
export const dropping = signal(false);

/** Takes in what is dropped anywhere on the page. */
export function useDrop(): void {
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.some((type) => type === 'Files' || type === 'text/plain') !== true || isForField(event)) return;
      event.preventDefault();
      dropping.value = true;
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) dropping.value = false;
    };
    const drop = (event: DragEvent) => {
      dropping.value = false;
      if (isForField(event)) return;
      const [file] = event.dataTransfer?.files ?? [];
      const text = event.dataTransfer?.getData('text/plain') ?? '';
      if (file === undefined && text === '') return;
      event.preventDefault();
      if (file === undefined) void takeIn(text);
      else void takeFile(file);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
}
