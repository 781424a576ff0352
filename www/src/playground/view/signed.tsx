// Sign mode: the request that a sender would make, signed in the worker, in forms to send it with.

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { Fragment } from 'preact';
import { useEffect } from 'preact/hooks';

import { Code, Notice, SelectField, Spinner, Tabs, TextField } from '../../ui/ui';
import { GenerateError, curl, fetch as program, rawText } from '../generate/request';
import { EDITABLE } from '../limits';
import type { Header, Request } from '../request';
import { ask } from '../worker/bridge';
import { signsId, signsTime, whole } from './schemes';
import { bytes, canonical, fresh, headers, messageId, method, newMoment, now, problem, scheme, secondsOf, secrets, url } from './state';

type Outcome =
  | { readonly kind: 'asking'; readonly what: string }
  | { readonly kind: 'signing' }
  | { readonly kind: 'signed'; readonly headers: readonly Header[]; readonly body: Uint8Array }
  | { readonly kind: 'refused'; readonly message: string };

export function Signed() {
  const outcome = useSignal<Outcome>({ kind: 'signing' });
  const wanted = useComputed(wantedNow);
  // A time that was taken when the page was opened may be too old by now.
  useEffect(() => void (fresh.value = newMoment()), []);
  useSignalEffect(() => {
    const asked = wanted.value;
    if (typeof asked === 'string') {
      outcome.value = { kind: 'asking', what: asked };
      return undefined;
    }
    let current = true;
    ask('sign', asked).then(
      (made) => current && (outcome.value = { kind: 'signed', headers: made, body: asked.body }),
      (error: Error) => current && (outcome.value = { kind: 'refused', message: error.message }),
    );
    return () => void (current = false);
  });
  return (
    <section class="stack" aria-labelledby="signed">
      <h2 id="signed">A signed request</h2>
      <div class="pair">
        <SelectField label="Method" value={method.value} options={[...new Set(['POST', 'PUT', 'PATCH', method.value])].map((name) => [name, name] as const)} onChange={(name) => (method.value = name)} />
        <TextField label="URL of the receiver" value={url.value} onInput={(value) => (url.value = value)} placeholder={EXAMPLE} mono />
      </div>
      <Result outcome={outcome.value} />
    </section>
  );
}

const EXAMPLE = 'http://127.0.0.1:3000/hooks';

/** What the worker is to sign, or what is missing for that. */
function wantedNow() {
  // The one that is shown here.
  const [secret] = secrets.value;
  if (problem.value !== undefined) return problem.value;
  if (scheme.value === undefined) return 'Choose the scheme.';
  if (secret === undefined || secret === '') return 'Enter the secret.';
  const chosen = scheme.value;
  return {
    // What is signed is one thing, and what travels is another only where the scheme says so.
    scheme: canonical.value ? { ...whole(chosen), body: 'canonical' as const } : chosen,
    secret,
    body: bytes.value,
    id: signsId(chosen) ? messageId.value || fresh.value.id : undefined,
    timestamp: signsTime(chosen) ? (secondsOf(now.value) ?? fresh.value.timestamp) : undefined,
  };
}

function Result({ outcome }: { readonly outcome: Outcome }) {
  switch (outcome.kind) {
    case 'asking':
      return <Notice title="Something is missing" live="status"><p>{outcome.what}</p></Notice>;
    case 'signing':
      return <Spinner label="Signing…" />;
    case 'refused':
      return <Notice tone="bad" live="alert" title="It cannot be signed"><p>{outcome.message}</p></Notice>;
    case 'signed':
      return <Made added={outcome.headers} body={outcome.body} />;
  }
}

const FORMS = { curl: ['curl', curl], fetch: ['fetch', program], raw: ['Raw', rawText] } as const;

/** `body` is the one that was signed, which need not be the one that is entered by now. */
function Made({ added, body }: { readonly added: readonly Header[]; readonly body: Uint8Array }) {
  const form = useSignal<keyof typeof FORMS>('curl');
  const names = new Set(added.map(([name]) => name.toLowerCase()));
  const others = headers.value.headers.filter(([name]) => !names.has(name.toLowerCase()));
  const typed = others.some(([name]) => name.toLowerCase() === 'content-type') ? others : [['content-type', 'application/json'] as const, ...others];
  const request: Request = { method: method.value, url: url.value || EXAMPLE, headers: [...typed, ...added], body };
  const [title, write] = FORMS[form.value];
  return (
    <>
      <dl class="facts">{added.map(([name, value]) => <Fragment key={name}><dt class="mono">{name}</dt><dd class="mono">{value}</dd></Fragment>)}</dl>
      {body.length > EDITABLE ? <Notice><p>The body is too long to be written out here. Send it from its file, byte for byte, with these headers: with curl, <code>--data-binary @file</code>.</p></Notice> : (
        <Tabs label="Form of the request" tabs={Object.entries(FORMS).map(([name, [text]]) => [name as keyof typeof FORMS, text] as const)} selected={form.value} onSelect={(name) => (form.value = name)}>
          <Written write={() => write(request)} label={`The request as ${title}`} />
        </Tabs>
      )}
      <p class="small faint">It holds a signature and not the secret. {signsTimeNow() && 'A signature with a time is good for some minutes only: press New for one of now.'}</p>
      {signsTimeNow() && <div class="row"><button type="button" class="button" onClick={signAnew}>New</button></div>}
    </>
  );
}

/** A time that was entered, or came with a sample, is as old as the signature. */
function signAnew(): void {
  now.value = '';
  fresh.value = newMoment();
}

const signsTimeNow = () => scheme.value !== undefined && (signsTime(scheme.value) || signsId(scheme.value));

function Written({ write, label }: { readonly write: () => string; readonly label: string }) {
  try {
    return <Code text={write()} label={label} />;
  } catch (error) {
    if (!(error instanceof GenerateError)) throw error;
    return <Notice tone="bad" live="alert" title="It cannot be sent"><p>{error.message}</p></Notice>;
  }
}
