// The attempts of a delivery, one of which is shown: what was sent, what came back or why nothing did, how long it took.

import { useSignal } from '@preact/signals';

import type { Attempt, Delivery, Exchange, ShownHeader } from '../../generated/api';
import { Badge, CopyButton, Notice } from '../../ui/ui';
import { Time } from '../shared/time';
import { duration } from '../shared/times';
import { BodyText } from './body';
import { PlaygroundLink } from './playground-link';
import { failureInWords, statusInWords } from './words';

export function Attempts({ delivery }: { readonly delivery: Delivery }) {
  const chosen = useSignal<number | undefined>(undefined);
  const all = delivery.history ?? [];
  const shown = all.find(({ number }) => number === chosen.value) ?? all.at(-1);
  return (
    <section class="stack" aria-label="Attempts">
      <h3>{all.length === 1 ? 'One attempt' : `${all.length} attempts`}</h3>
      {all.length > 1 && (
        <div class="attempt-list" role="group" aria-label="Attempt">
          {all.map((attempt) => (
            <button key={attempt.number} type="button" class="button" aria-pressed={attempt === shown} onClick={() => (chosen.value = attempt.number)}>
              {attempt.number}<Outcome exchange={attempt} />
            </button>
          ))}
        </div>
      )}
      {shown !== undefined && <Shown key={shown.number} attempt={shown} delivery={delivery} />}
    </section>
  );
}

export function Outcome({ exchange }: { readonly exchange: Pick<Exchange, 'success' | 'response' | 'failure'> }) {
  return <Badge tone={exchange.success ? 'good' : 'bad'}>{exchange.response?.status ?? exchange.failure?.class ?? '–'}</Badge>;
}

function Shown({ attempt, delivery }: { readonly attempt: Attempt; readonly delivery: Delivery }) {
  const { request, response, failure, started_at, duration_ms, number } = attempt;
  const words = failure === null ? statusInWords(response?.status ?? 0) : failureInWords(failure);
  return (
    <div class="stack">
      <div class="row">
        <strong>Attempt {number}</strong>
        <Outcome exchange={attempt} />
        <span class="faint small"><Time at={started_at} millis /> · took {duration(duration_ms)}</span>
      </div>
      {words !== undefined && <Notice tone="bad" title={words.what}><span class="small">{words.todo}</span></Notice>}
      <section class="stack tight" aria-label="Request">
        <h3>Request</h3>
        <p class="mono break">POST {request.url ?? <span class="faint">(nobody knows any more where to)</span>}</p>
        <Headers headers={request.headers} what="request" />
        <BodyText body={delivery.request} what="request" />
        <PlaygroundLink attempt={attempt} body={delivery.request} />
      </section>
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
    </div>
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
