// The body: edited as text, hex or base64, or shown if it is too long for that.

import { useRef } from 'preact/hooks';

import { Button, Check, Field } from '../../ui/ui';
import { textOf } from '../text';
import { EMPTY, edited, inForm, pasted } from './body';
import type { Body, Form, Held, Written } from './body';
import { Bytes } from './marked';
import { body, bodyProblem, bytes } from './state';

export function BodyField() {
  const field = useRef<HTMLDivElement>(null);
  const now = body.value;
  const put = (changed: Body) => {
    body.value = changed;
    // What had the focus is gone once these are shown.
    if (changed === EMPTY || changed.form === 'held') setTimeout(() => field.current?.querySelector<HTMLElement>('textarea, pre')?.focus());
  };
  return (
    <div ref={field} class="stack tight">
      {now.form === 'held' ? <Long held={now} put={put} /> : <Editor now={now} put={put} />}
    </div>
  );
}

type Put = { readonly put: (changed: Body) => void };

const FORMS: readonly (readonly [Form, string])[] = [['text', 'Text'], ['hex', 'Hex'], ['base64', 'Base64']];

const AS_TEXT = 'Exactly these characters, in UTF-8; a line break at the end counts.';
const AS_BYTES = 'Every byte as it is.';
const NO_TEXT = ' They are no UTF-8, and so no text.';

function Editor({ now, put }: { readonly now: Written } & Put) {
  const { form, text, crlf } = now;
  const isNoText = form !== 'text' && textOf(bytes.value) === undefined;
  return (
    <>
      <Field label="Body" error={bodyProblem.value} hint={`${bytes.value.length} bytes. ${form === 'text' ? AS_TEXT : AS_BYTES}${isNoText ? NO_TEXT : ''}`}>
        {(control) => (
          <textarea
            {...control}
            class="input mono"
            rows={10}
            value={text}
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            onInput={({ currentTarget }) => put(edited(now, currentTarget.value))}
            onPaste={(event) => {
              const { value, selectionStart, selectionEnd } = event.currentTarget;
              const changed = pasted(now, [value.slice(0, selectionStart), value.slice(selectionEnd)], event.clipboardData?.getData('text/plain') ?? '');
              if (changed === undefined) return;
              event.preventDefault();
              put(changed);
            }}
          />
        )}
      </Field>
      <div class="row">
        <div class="row" role="group" aria-label="How the body is written">
          {FORMS.map(([name, title]) => (
            <Button key={name} kind={form === name ? 'primary' : 'quiet'} pressed={form === name} disabled={name === 'text' && isNoText} onClick={() => put(inForm(now, name))}>{title}</Button>
          ))}
        </div>
        {form === 'text' && <Check label="Line breaks are CR LF" checked={crlf} onChange={(checked) => put({ ...now, crlf: checked })} />}
        {text !== '' && <Button kind="quiet" onClick={() => put(EMPTY)}>Empty it</Button>}
      </div>
    </>
  );
}

function Long({ held, put }: { readonly held: Held } & Put) {
  return (
    <div class="field">
      <span class="label">Body</span>
      <pre class="code wrap long-body" tabIndex={0} role="region" aria-label="The beginning of the body"><Bytes bytes={held.bytes} /></pre>
      <div class="hint">{held.bytes.length} bytes: too long to be edited here. Every byte of it counts, though only its beginning is shown.</div>
      <div class="row"><Button kind="quiet" onClick={() => put(EMPTY)}>Empty it</Button></div>
    </div>
  );
}
