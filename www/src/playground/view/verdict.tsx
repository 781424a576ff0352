// The verdict, and what to do about it: the first thing to be seen and to be read out.

import type { Explanation } from 'sigpost';

import { Notice, Spinner } from '../../ui/ui';
import type { Verdict as Given } from '../worker/protocol';
import { explanation, judged, outdated } from './judging';
import { candidates, choice, fieldOf, given, headers, problem, scheme } from './state';
import { toResult } from './result';
import { titleOf } from './schemes';

export function Verdict() {
  const now = judged.value;
  return (
    <section aria-label="Verdict" role="status" class={outdated.value ? 'stack outdated' : 'stack'} aria-busy={outdated.value}>
      {now.kind === 'nothing' && <Nothing />}
      {now.kind === 'judging' && <Spinner label="Looking at it…" />}
      {now.kind === 'failed' && <Notice tone="bad" title="It could not be judged"><p>{now.message}</p></Notice>}
      {now.kind === 'judged' && <Judged verdict={now.judgement.verdict} />}
      {now.kind === 'judged' && now.judgement.others.length > 0 && (
        <ul class="others small">
          {now.judgement.others.map(({ scheme: other, verdict }) => (
            <li key={other}>By {titleOf(other)}: {verdict.kind === 'genuine' ? 'genuine ✓' : given.value.length === 0 ? 'its header is there too' : `not genuine (${verdict.code})`}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** On a phone the verdict is far below what is entered: this tells it at the edge of the screen, and leads there. */
export function VerdictBar() {
  const now = judged.value;
  if (now.kind !== 'judged') return null;
  const { verdict } = now.judgement;
  const [tone, text] = verdict.kind === 'genuine' ? ['good', '✓ Genuine'] : verdict.code === 'no_secret' ? ['', 'Enter the secret'] : ['bad', '✗ Not genuine: see why'];
  return (
    <a class={`verdict-bar notice ${tone}`} href="#result" onClick={(event) => (event.preventDefault(), toResult())}>{text}</a>
  );
}

function Nothing() {
  if (problem.value !== undefined) {
    return (
      <Notice tone="warn" title="Something is written wrongly">
        <p>{problem.value} Nothing is verified until it is mended.</p>
      </Notice>
    );
  }
  if (scheme.value === undefined && headers.value.headers.length > 0 && choice.value === 'auto') {
    return (
      <Notice tone="warn" title="No scheme is recognised">
        <p>None of these headers is a signature of a scheme that is built in. Choose the scheme, or describe your sender’s as a custom one.</p>
      </Notice>
    );
  }
  return (
    <Notice title="Nothing to verify yet">
      <p>Enter a request’s headers and body and the secret, drop a HAR file or a copied curl command anywhere on this page, or load a sample.</p>
    </Notice>
  );
}

function Judged({ verdict }: { readonly verdict: Given }) {
  if (verdict.kind === 'genuine') {
    return (
      <Notice tone="good" title="✓ Genuine: the signature matches">
        <p>
          {given.value.length > 1 ? `Signed with secret ${fieldOf(verdict.secretIndex)} of those that are entered.` : 'It was signed with this secret, and not changed since.'}
          {verdict.timestamp !== undefined && ` Signed at ${timeOf(verdict.timestamp)}.`}
        </p>
      </Notice>
    );
  }
  if (verdict.code === 'no_secret') {
    return (
      <Notice title="Enter the secret to verify it">
        <p>{candidates.value[0]?.reason} What is signed is shown below; whether it matches, only the secret tells.</p>
      </Notice>
    );
  }
  const why = explanation.value;
  const [first] = why === undefined || why === 'looking' ? [] : why.mistakes;
  return (
    <Notice tone="bad" title={`✗ Not genuine: ${verdict.message}`}>
      <p class="small faint">{verdict.code}{verdict.header !== undefined && ` · ${verdict.header}`}</p>
      {why === 'looking' && <Spinner label="Trying the mistakes that people make…" />}
      {first !== undefined && <p class="fix"><strong>Fix:</strong> {first.fix}</p>}
      {why !== undefined && why !== 'looking' && <Why why={why} />}
    </Notice>
  );
}

/** The furthest second from 1970 that is a date. */
const LAST = 8.64e12;

const timeOf = (seconds: number): string =>
  Math.abs(seconds) <= LAST ? new Date(seconds * 1000).toISOString().replace('.000', '') : `${seconds} seconds since 1970`;

function Why({ why }: { readonly why: Explanation }) {
  if (why.verdict === 'genuine') return null;
  const { mistakes, hints, exhausted } = why;
  return (
    <div class="stack tight">
      {mistakes.length > 0 && (
        <>
          <p>{mistakes.length === 1 ? 'Proven: with this undone, the signature matches.' : 'Proven: with all of these undone, the signature matches.'}</p>
          <ul>
            {mistakes.map(({ code, message, fix }) => (
              <li key={code}><strong>{message}</strong> <code class="faint">{code}</code><br /><span class="small">{fix}</span></li>
            ))}
          </ul>
        </>
      )}
      {hints.length > 0 && (
        <>
          <p>Not proven, but worth a look:</p>
          <ul>{hints.map(({ code, message }) => <li key={code}>{message} <code class="faint">{code}</code></li>)}</ul>
        </>
      )}
      {mistakes.length === 0 && why.code === 'mismatch' && (
        <p>None of the known mistakes makes it match. Most likely the secret is another webhook’s, or the body is not the one that was sent: compare it with the sender’s history.</p>
      )}
      {exhausted && <p class="small">Not everything was tried: the body or a header is too large for that.</p>}
    </div>
  );
}
