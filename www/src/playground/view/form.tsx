// What somebody enters: scheme, secret, headers, body, and how it is to be looked at.

import { useRef } from 'preact/hooks';

import { Button, Check, Field, SelectField, TextField } from '../../ui/ui';
import { EMPTY, inForm } from './body';
import type { Form as BodyForm } from './body';
import { isWhole, takeIn } from './import';
import { CustomScheme } from './custom-scheme';
import { Secrets } from './secrets';
import { presets, signsTime, titleOf } from './schemes';
import { body, bodyProblem, bytes, candidates, canonical, choice, headers, headersText, messageId, mode, now, nowProblem, scheme, tolerance, toleranceProblem } from './state';
import type { Choice } from './state';

export function Form() {
  return (
    <section aria-label="The request" class="stack">
      <SchemeField />
      {choice.value === 'custom' && <CustomScheme />}
      <Secrets />
      {mode.value === 'sign' && <SignFields />}
      <HeadersField />
      <BodyField />
      <Settings />
    </section>
  );
}

function SchemeField() {
  const likeliest = candidates.value[0];
  const auto = mode.value === 'verify' ? 'Recognise it from the headers' : 'Choose one';
  const options: (readonly [Choice, string])[] = [['auto', auto], ...presets.map((name) => [name, titleOf(name)] as const), ['custom', 'A custom scheme…']];
  const hint = choice.value === 'auto' && likeliest !== undefined ? `${titleOf(likeliest.scheme)}: ${likeliest.reason}` : undefined;
  return <SelectField label="Scheme" value={choice.value} options={options} onChange={(chosen) => (choice.value = chosen)} hint={hint} />;
}

function SignFields() {
  return (
    <TextField
      label="Message id"
      value={messageId.value}
      onInput={(value) => (messageId.value = value)}
      hint="For schemes that sign one. Empty: a new one."
      mono
    />
  );
}

function HeadersField() {
  const { problems } = headers.value;
  const [first] = problems;
  const error = first === undefined ? undefined : `Line ${first.line} is no header: “${first.text}”. Write one a line, as name: value.`;
  const label = mode.value === 'verify' ? 'Headers' : 'Further headers';
  return (
    <Field label={label} hint={mode.value === 'verify' ? 'One a line, all that you have. A pasted curl command, raw request or HAR file is taken apart.' : 'One a line; those of the signature are added.'} error={error}>
      {(control) => (
        <textarea
          {...control}
          class="input mono"
          rows={6}
          value={headersText.value}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          placeholder={'content-type: application/json\nx-webhook-signature: …'}
          onInput={({ currentTarget }) => (headersText.value = currentTarget.value)}
          onPaste={(event) => {
            const text = event.clipboardData?.getData('text/plain') ?? '';
            if (!isWhole(text)) return;
            event.preventDefault();
            void takeIn(text);
          }}
        />
      )}
    </Field>
  );
}

const FORMS: readonly (readonly [BodyForm, string])[] = [['text', 'Text'], ['hex', 'Hex'], ['base64', 'Base64']];

function BodyField() {
  const { form, text, crlf } = body.value;
  return (
    <div class="stack tight">
      <Field label="Body" error={bodyProblem.value} hint={`${bytes.value.length} bytes. ${form === 'text' ? 'Exactly these characters, in UTF-8; a line break at the end counts.' : 'Every byte as it is.'}`}>
        {(control) => (
          <textarea
            {...control}
            class="input mono"
            rows={10}
            value={text}
            spellcheck={false}
            autocapitalize="off"
            autocomplete="off"
            onInput={({ currentTarget }) => (body.value = { ...body.value, text: currentTarget.value })}
          />
        )}
      </Field>
      <div class="row">
        <div class="row" role="group" aria-label="How the body is written">
          {FORMS.map(([name, title]) => (
            <Button key={name} kind={form === name ? 'primary' : 'quiet'} pressed={form === name} onClick={() => (body.value = inForm(body.value, name))}>{title}</Button>
          ))}
        </div>
        {form === 'text' && <Check label="Line breaks are CR LF" checked={crlf} onChange={(checked) => (body.value = { ...body.value, crlf: checked })} />}
        {text !== '' && <Button kind="quiet" onClick={() => (body.value = EMPTY)}>Empty it</Button>}
      </div>
    </div>
  );
}

function Settings() {
  const timed = scheme.value !== undefined && signsTime(scheme.value);
  // Once there is something in it, it stays open: closing it would take the focus from whoever empties a field.
  const opened = useRef(false);
  opened.current ||= now.value !== '' || tolerance.value !== '' || canonical.value;
  return (
    <details open={opened.current || undefined}>
      <summary>Time, tolerance and canonical form</summary>
      <div class="stack settings">
        <TextField
          label={mode.value === 'verify' ? 'Now' : 'Time of signing'}
          value={now.value}
          onInput={(value) => (now.value = value)}
          hint="In seconds since 1970. Empty: the clock’s."
          error={nowProblem.value}
          mono
        />
        {mode.value === 'verify' && timed && (
          <TextField label="Tolerance" value={tolerance.value} onInput={(value) => (tolerance.value = value)} hint="How many seconds the signed time may be off; “any” for any age. Empty: the scheme’s own." error={toleranceProblem.value} mono />
        )}
        <Check
          label="What is signed is the canonical form"
          hint="JSON.stringify of what the body parses to, for receivers whose platform hands them only a parsed body."
          checked={canonical.value}
          onChange={(checked) => (canonical.value = checked)}
        />
      </div>
    </details>
  );
}
