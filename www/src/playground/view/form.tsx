// What somebody enters: scheme, secret, headers, body, and how it is to be looked at.

import { useRef } from 'preact/hooks';

import { Check, Field, SelectField, TextField } from '../../ui/ui';
import { BodyField } from './body-field';
import { CustomScheme } from './custom-scheme';
import { Secrets } from './secrets';
import { presets, signsTime, titleOf } from './schemes';
import { candidates, canonical, choice, headers, headersText, messageId, mode, now, nowProblem, scheme, tolerance, toleranceProblem } from './state';
import type { Choice } from './state';
import { isWhole, takeIn } from './take-in';

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
