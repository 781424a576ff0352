// A body as it was on the wire, or laid out if it is JSON and somebody wants that. Signatures are over the raw bytes, so
// those are what is shown and copied at first.

import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';

import type { AttemptBody } from '../../generated/api';
import { Button, CopyButton } from '../../ui/ui';
import { laidOut } from './laid-out';

/** How much is shown at once. */
const SHOWN = 64 << 10;

interface Props {
  readonly body: AttemptBody;
  readonly what: string;
  readonly note?: string;
}

export function BodyText({ body: { body: text = '', body_base64, body_damaged }, what, note }: Props) {
  const pretty = useSignal(false);
  const all = useSignal(false);
  const formatted = useMemo(() => (body_base64 === undefined ? laidOut(text) : undefined), [text, body_base64]);
  if (body_damaged === true) return <p class="faint small">It was damaged on the server’s disk: it can neither be shown nor sent again.</p>;
  if (text === '') return <p class="faint small">No body.</p>;
  const chosen = pretty.value && formatted !== undefined ? formatted : text;
  const shown = all.value ? chosen : chosen.slice(0, SHOWN);
  return (
    <div class="stack tight">
      <pre class="code wrap body" tabIndex={0} role="region" aria-label={`Body of the ${what}`}><code>{shown}</code></pre>
      {shown.length < chosen.length && <div class="row"><Button onClick={() => (all.value = true)}>Show all {chosen.length.toLocaleString('en')} characters</Button></div>}
      {body_base64 !== undefined && <p class="faint small">It is not UTF-8: what is no text is shown as �. Its exact bytes can be copied as base64.</p>}
      {note !== undefined && <p class="faint small">{note}</p>}
      <div class="row">
        {formatted !== undefined && <Button pressed={pretty.value} onClick={() => (pretty.value = !pretty.value)}>Lay out the JSON</Button>}
        <CopyButton text={text} label={`Copy the ${what}’s body`} />
        {body_base64 !== undefined && <CopyButton text={body_base64} label="Copy as base64" />}
      </div>
    </div>
  );
}
