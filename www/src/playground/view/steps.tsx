// How the signature is made, step by step. Each part has one colour wherever it stands, and a name beside the colour.

import type { ComponentChildren } from 'preact';

import { CopyButton, Notice } from '../../ui/ui';
import type { Canonical, Case, Computed, HeaderPiece, MessagePart, Trace } from '../worker/protocol';
import { judged } from './judging';
import { Bytes, Marked } from './marked';
import { keyInWords } from './schemes';
import { fieldOf } from './state';

export function Steps() {
  const now = judged.value;
  if (now.kind !== 'judged' || now.judgement.trace === undefined) return null;
  const { about, judgement: { trace } } = now;
  const body = trace.signsCanonical && trace.canonical.kind === 'differs' ? trace.canonical.bytes : about.body;
  return (
    <section aria-labelledby="steps" class="stack">
      <h2 id="steps">How it was signed</h2>
      <ol class="steps">
        <Step title="The body, as it came" note={`${about.body.length} bytes`}>
          <pre class="code wrap" tabIndex={0} role="region" aria-label="The body as it came"><Bytes bytes={about.body} /></pre>
        </Step>
        <CanonicalStep trace={trace} />
        <Step title="What goes into the HMAC" note={`${trace.algorithm}`}>
          <Message message={trace.message} body={body} />
        </Step>
        <Step title="The key">
          <p>{keyInWords(about.scheme)}</p>
        </Step>
        <Step title="What comes out" note={trace.encoding}>
          <Results about={about} computed={trace.computed} />
        </Step>
        <Step title="What the request says" {...(trace.header === undefined ? {} : { note: trace.header.name })}>
          <SignatureHeader trace={trace} />
        </Step>
      </ol>
    </section>
  );
}

function Step({ title, note, children }: { readonly title: string; readonly note?: string; readonly children: ComponentChildren }) {
  return (
    <li class="stack tight">
      <div class="row"><h3>{title}</h3>{note !== undefined && <span class="faint small">{note}</span>}</div>
      {children}
    </li>
  );
}

function CanonicalStep({ trace: { canonical, signsCanonical } }: { readonly trace: Trace }) {
  const title = signsCanonical ? 'Its canonical form, which is what was signed' : 'Its canonical form, which is not what was signed';
  return (
    <Step title={title} note="JSON.stringify">
      <CanonicalForm canonical={canonical} />
      {!signsCanonical && canonical.kind === 'differs' && (
        <p class="small faint">A receiver that parses the body and writes it again signs these bytes, and gets another signature.</p>
      )}
    </Step>
  );
}

function CanonicalForm({ canonical }: { readonly canonical: Canonical }) {
  if (canonical.kind === 'same') return <p>The same bytes: JSON.stringify changes nothing.</p>;
  if (canonical.kind === 'none') return <p>There is none: {canonical.reason}.</p>;
  if (canonical.pieces === undefined) {
    return (
      <>
        <pre class="code wrap" tabIndex={0} role="region" aria-label="The canonical form"><Bytes bytes={canonical.bytes} /></pre>
        <p class="small faint">What is different is not marked here: too many members are moved or stand there twice. {canonical.bytes.length} bytes.</p>
      </>
    );
  }
  return (
    <>
      <pre class="code wrap" tabIndex={0} role="region" aria-label="The body, with what JSON.stringify drops and adds">
        {canonical.skipped > 0 && <span class="faint">{canonical.skipped} characters that are the same … </span>}
        {canonical.pieces.map(({ text, of }, index) => {
          if (of === 'both') return <Marked key={index} text={text} />;
          return of === 'raw' ? <del key={index}><Marked text={text} /></del> : <ins key={index}><Marked text={text} /></ins>;
        })}
        {canonical.cut > 0 && <span class="faint"> … and {canonical.cut} characters more of the body</span>}
      </pre>
      <p class="small faint"><del>Struck through</del>: only as it came. <ins>Underlined</ins>: only in the canonical form. {canonical.bytes.length} bytes.</p>
    </>
  );
}

function Message({ message, body }: { readonly message: readonly MessagePart[]; readonly body: Uint8Array }) {
  return (
    <>
      <pre class="code wrap" tabIndex={0} role="region" aria-label="What goes into the HMAC">
        {message.map((part, index) => (
          <span key={index} class={`part ${part.kind}`}>
            {part.kind === 'body' ? <Bytes bytes={body} /> : part.text === undefined ? <em>{part.kind} is missing</em> : <Marked text={part.text} />}
          </span>
        ))}
      </pre>
      <ul class="legend small">
        {message.map((part, index) => (
          <li key={index}><span class={`part ${part.kind}`}>{part.kind === 'text' ? <>“<Marked text={part.text} />”</> : part.kind}</span>{'from' in part ? ` from ${part.from}` : part.kind === 'body' ? `, ${part.bytes} bytes` : ', a fixed text'}</li>
        ))}
      </ul>
    </>
  );
}

function Results({ about, computed }: { readonly about: Case; readonly computed: readonly Computed[] }) {
  if (computed.length === 0) return <p class="faint">Enter the secret to see it.</p>;
  return (
    <>
      {computed.map((one, index) => (
        <div key={index} class="row">
          {about.secrets.length > 1 && <span class="small faint">Secret {index + 1}</span>}
          {'failure' in one ? <span>{one.failure}</span> : <><code class="break part signature">{one.text}</code><CopyButton text={one.text} /></>}
        </div>
      ))}
    </>
  );
}

function SignatureHeader({ trace: { header, computed } }: { readonly trace: Trace }) {
  if (header === undefined) return <p>The request has no such header.</p>;
  const signatures = header.pieces.filter(({ kind }) => kind === 'signature');
  const match = signatures.find(({ secretIndex }) => secretIndex !== undefined);
  return (
    <>
      <pre class="code wrap" tabIndex={0} role="region" aria-label="The signature header">
        {header.pieces.map((piece, index) => <span key={index} class={`part ${piece.kind}`}><Marked text={piece.text} /></span>)}
      </pre>
      <ul class="legend small">{header.pieces.filter(({ kind }) => kind !== 'separator').map((piece, index) => <li key={index}><Piece piece={piece} /></li>)}</ul>
      {computed.length > 0 && signatures.length > 0 && (
        match === undefined
          ? <Notice tone="bad"><p>None of {signatures.length === 1 ? 'it' : `these ${signatures.length}`} is what came out.</p></Notice>
          : <Notice tone="good"><p>This is what came out{computed.length > 1 ? ` with secret ${fieldOf(match.secretIndex ?? 0)}` : ''}.</p></Notice>
      )}
    </>
  );
}

function Piece({ piece: { kind, text, secretIndex } }: { readonly piece: HeaderPiece }) {
  const shown = text.length > 24 ? `${text.slice(0, 24)}…` : text;
  return <><span class={`part ${kind}`}>{kind}</span> <code><Marked text={shown} /></code>{secretIndex !== undefined && ' ✓ matches'}</>;
}
