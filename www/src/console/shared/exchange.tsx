// What was sent to a receiver, and what it answered.

import type { ComponentChildren } from 'preact';

import type { AttemptBody, AttemptRequest, AttemptResponse, ShownHeader } from '../../generated/api';
import { CopyButton } from '../../ui/ui';
import { BodyText } from './body';

interface SentProps {
  readonly request: AttemptRequest;
  readonly body: AttemptBody;
  /** What can be done with it. */
  readonly children?: ComponentChildren;
}

export function Sent({ request: { url, headers }, body, children }: SentProps) {
  return (
    <section class="stack tight" aria-label="Request">
      <h3>Request</h3>
      <p class="mono break">POST {url ?? <span class="faint">(nobody knows any more where to)</span>}</p>
      <Headers headers={headers} what="request" />
      <BodyText body={body} what="request" />
      {children}
    </section>
  );
}

export function Answer({ response }: { readonly response: AttemptResponse | null }) {
  return (
    <section class="stack tight" aria-label="Response">
      <h3>Response</h3>
      {response === null ? <p class="faint">None came.</p> : (
        <>
          <p>Status <strong>{response.status}</strong></p>
          <Headers headers={response.headers} what="response" />
          <BodyText body={response} what="response" note="No more of it than this is kept." />
        </>
      )}
    </section>
  );
}

function Headers({ headers, what }: { readonly headers: readonly ShownHeader[]; readonly what: string }) {
  if (headers.length === 0) return <p class="faint small">No headers.</p>;
  const text = headers.map(({ name, value }) => `${name}: ${value ?? ''}`).join('\n');
  const omitted = headers.some(({ value }) => value === null);
  return (
    <div class="stack tight">
      <div class="table-scroll" tabIndex={0} role="region" aria-label={`Headers of the ${what}`}>
        <table class="table headers-table">
          <tbody>
            {headers.map(({ name, value }, index) => (
              <tr key={index}><th scope="row">{name}</th><td>{value ?? <span class="faint">omitted</span>}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
      {omitted && <p class="faint small">Values are omitted that are secret, and signatures that cannot be made again, because the webhook’s secret is another by now.</p>}
      <div class="row"><CopyButton text={text} label={`Copy the ${what}’s headers`} /></div>
    </div>
  );
}
