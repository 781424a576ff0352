// The attempts of a delivery, one of which is shown: what was sent, what came back or why nothing did, how long it took.

import { useSignal } from '@preact/signals';

import type { Attempt, Delivery, Exchange } from '../../generated/api';
import { Badge, Notice } from '../../ui/ui';
import { Answer, Sent } from '../shared/exchange';
import { failureInWords, statusInWords } from '../shared/outcomes';
import { Time } from '../shared/time';
import { duration } from '../shared/times';
import { PlaygroundLink } from './playground-link';

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
      <Sent request={request} body={delivery.request}><PlaygroundLink attempt={attempt} body={delivery.request} /></Sent>
      <Answer response={response} />
    </div>
  );
}
