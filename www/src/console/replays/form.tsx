// The choice of what is sent again. Nothing is begun before it was counted and confirmed.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import type { Replay } from '../../generated/api';
import { Button, Check, Notice } from '../../ui/ui';
import { answered, api } from '../api/client';
import { route } from '../route';
import { useAction } from '../shared/action';
import { Confirm } from '../shared/confirm';
import { Failed } from '../shared/failed';
import { useHold } from '../shared/leaving';
import { LinesField } from '../shared/lines-field';
import { TimeField } from '../shared/time-field';
import { ENTERED } from '../shared/unsaved';
import { WebhookField } from '../shared/webhook-field';
import { nameById } from '../shared/webhooks';
import { END_STATES, choiceOf, requestOf, wrongWith } from './choice';
import type { Choice } from './choice';

const STATE_WORDS = {
  exhausted: ['Exhausted', 'Given up after the last retry.'],
  expired: ['Expired', 'Grew too old while the webhook was disabled or paused.'],
  delivered: ['Delivered', 'Was taken already: the receiver gets it once more.'],
} as const;

export function ReplayForm({ onBegun }: { readonly onBegun: (replay: Replay) => void }) {
  const choice = useSignal<Choice>(choiceOf(route.peek().query));
  const count = useSignal<number | undefined>(undefined);
  const tried = useSignal(false);
  const confirming = useSignal(false);
  const from = route.value.query.toString();
  const start = useRef('');
  const begins = () => (start.current = JSON.stringify(choice.peek()));
  useEffect(() => {
    change(choiceOf(route.peek().query));
    begins();
  }, [from]);
  useHold(ENTERED, () => JSON.stringify(choice.peek()) !== start.current);

  // What was counted is of what was chosen then.
  const change = (part: Partial<Choice>) => {
    choice.value = { ...choice.value, ...part };
    count.value = undefined;
  };
  const wrong = tried.value ? wrongWith(choice.value) : {};
  const preview = useAction(async () => {
    tried.value = true;
    if (Object.keys(wrongWith(choice.value)).length > 0) return;
    const asked = choice.value;
    const answer = await answered(api.POST('/v1/replays', { body: requestOf(asked, true) }));
    if (asked === choice.peek() && 'count' in answer) count.value = answer.count;
  });
  const begin = async () => {
    const answer = await answered(api.POST('/v1/replays', { body: requestOf(choice.value, false) }));
    count.value = undefined;
    begins();
    if ('state' in answer) onBegun(answer);
  };

  const { webhook, since, until, eventTypes } = choice.value;
  return (
    <form class="card" aria-label="New replay" onSubmit={(event) => (event.preventDefault(), void preview.run())}>
      <div class="field-row">
        <WebhookField value={webhook} none="Choose one" onChange={(id) => change({ webhook: id })} error={wrong.webhook} />
        <TimeField label="From" value={since} onChange={(at) => change({ since: at })} hint="Empty: from the oldest that is kept." />
        <TimeField label="Until" value={until} onChange={(at) => change({ until: at })} hint="Empty: until now." error={wrong.until} />
      </div>
      <States choice={choice.value} onChange={change} error={wrong.states} />
      <LinesField label="Event types" hint="One a line. Empty: all." value={eventTypes} onInput={(text) => change({ eventTypes: text })} error={wrong.eventTypes} />
      {preview.error !== undefined && <Failed error={preview.error} retry={preview.run} />}
      {count.value !== undefined && <Counted count={count.value} name={nameById(webhook)} />}
      <div class="row">
        <Button type="submit" kind={count.value ? 'quiet' : 'primary'} busy={preview.busy}>Preview</Button>
        <Button kind={count.value ? 'primary' : 'quiet'} disabled={!count.value} onClick={() => (confirming.value = true)}>Begin the replay…</Button>
        {!count.value && <span class="faint small">Preview counts first; nothing is sent by it.</span>}
      </div>
      {confirming.value && (
        <Confirm title="Begin the replay?" action={`Send ${deliveries(count.value ?? 0)} again`} onConfirm={begin} onClose={() => (confirming.value = false)}>
          <p>
            <strong>{deliveries(count.value ?? 0)}</strong> will be made anew for <strong class="break">{nameById(webhook)}</strong>. What its receiver has taken before it
            knows by its <code>webhook-id</code>.
          </p>
        </Confirm>
      )}
    </form>
  );
}

interface StatesProps {
  readonly choice: Choice;
  readonly onChange: (part: Partial<Choice>) => void;
  readonly error: string | undefined;
}

function States({ choice: { states }, onChange, error }: StatesProps) {
  return (
    <fieldset class="field">
      <legend>Deliveries that ended as</legend>
      <div class="field-row">
        {END_STATES.map((state) => (
          <Check
            key={state}
            label={STATE_WORDS[state][0]}
            hint={STATE_WORDS[state][1]}
            checked={states.includes(state)}
            onChange={(checked) => onChange({ states: checked ? [...states, state] : states.filter((other) => other !== state) })}
          />
        ))}
      </div>
      {error !== undefined && <div class="error" role="alert">{error}</div>}
    </fieldset>
  );
}

function Counted({ count, name }: { readonly count: number; readonly name: string }) {
  return count === 0 ? (
    <Notice live="status" title="There is nothing to send again.">
      <span class="small break">No delivery to <bdi>{name}</bdi> matches. Choose an earlier beginning or other states.</span>
    </Notice>
  ) : (
    <Notice tone="good" live="status" title={`${deliveries(count)} would be sent again.`}><span class="small break">To <bdi>{name}</bdi>.</span></Notice>
  );
}

export const deliveries = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'delivery' : 'deliveries'}`;
