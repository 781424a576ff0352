// The dialog in which whole requests are pasted or chosen, and one of several is.

import { useSignal } from '@preact/signals';

import { Button, Dialog, Field, Notice } from '../../ui/ui';
import type { ImportedRequest } from '../import';
import { EDITABLE } from '../limits';
import { Marked } from './marked';
import { titleOf } from './schemes';
import { busy, choose, close, shown, takeFiles, takeIn } from './take-in';
import type { Shown } from './take-in';

export function ImportButton() {
  return (
    <>
      <Button onClick={() => (shown.value = { kind: 'asking' })}>Import…</Button>
      {shown.value !== undefined && <ImportDialog now={shown.value} />}
    </>
  );
}

function ImportDialog({ now: state }: { readonly now: Shown }) {
  const text = useSignal('');
  return (
    <Dialog title="Import a request" onClose={close} sheet={state.kind === 'choosing'}>
      {state.kind === 'choosing' ? <Chooser requests={state.requests} notes={state.notes} /> : (
        <>
          <p>A HAR file of the browser’s network tab, a raw HTTP request, a curl command, or headers or a body alone. It is read here and sent nowhere; nothing in it is run.</p>
          {state.kind === 'problem' && (
            <Notice tone="bad" live="alert" title={state.error.message}>
              <p>{state.error.position !== undefined && `Line ${state.error.position.line}, column ${state.error.position.column}. `}{state.error.remedy}</p>
            </Notice>
          )}
          <Field label="Paste it here">
            {(control) => (
              <textarea
                {...control}
                class="input mono"
                rows={8}
                value={text.value}
                spellcheck={false}
                onInput={({ currentTarget }) => (text.value = currentTarget.value)}
                onPaste={(event) => {
                  const pasted = event.clipboardData?.getData('text/plain') ?? '';
                  const { selectionStart, selectionEnd, textLength } = event.currentTarget;
                  const isAll = selectionEnd - selectionStart === textLength;
                  if (!isAll || (pasted.length <= EDITABLE && !pasted.includes('\r'))) return;
                  event.preventDefault();
                  // The field shows each line break as its own; what is imported is what was copied.
                  if (pasted.length <= EDITABLE) text.value = pasted;
                  // A browser takes seconds to lay it out.
                  else void takeIn(pasted);
                }}
              />
            )}
          </Field>
          <div class="row between">
            <label class="button">
              Choose a file…
              <input type="file" class="visually-hidden" onChange={({ currentTarget }) => void takeFiles(currentTarget.files ?? [])} />
            </label>
            <Button kind="primary" busy={busy.value} onClick={() => takeIn(text.value)}>Import</Button>
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
              <span class="mono"><Marked text={one.request.method.slice(0, 20)} /></span> <span class="break"><Marked text={one.request.url.slice(0, 200)} /></span>
              <span class="faint small">{one.time !== undefined && <Marked text={one.time} />} {one.schemes.map(({ scheme }) => titleOf(scheme)).join(', ')}</span>
            </button>
          </li>
        ))}
      </ul>
      {requests.length > MOST && <p class="faint">{requests.length - MOST} more are not listed. For one of them, copy it as cURL where it was recorded, and paste that.</p>}
    </div>
  );
}
