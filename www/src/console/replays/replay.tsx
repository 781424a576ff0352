// One replay. While it runs it is asked how far it is, less often the longer it takes, and not while nobody looks.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import type { Replay } from '../../generated/api';
import { Badge, Button } from '../../ui/ui';
import { answered, api } from '../api/client';
import { href } from '../route';
import { Confirm } from '../shared/confirm';
import { Failed } from '../shared/failed';
import { Time } from '../shared/time';
import { span } from '../shared/times';
import { nameById } from '../shared/webhooks';
import { progressOf } from './choice';
import { deliveries } from './form';

const SOONEST = 500;
const LATEST = 5_000;

const STATE: Readonly<Record<string, readonly [text: string, tone: 'good' | 'accent' | undefined]>> = {
  running: ['Running', 'accent'],
  done: ['Done', 'good'],
  cancelled: ['Cancelled', undefined],
};

/** `focus` brings it to whoever has just begun it. */
export function ReplayCard({ first, focus }: { readonly first: Replay; readonly focus: boolean }) {
  const now = useSignal(first);
  const error = useSignal<unknown>(undefined);
  const cancelling = useSignal(false);
  const card = useRef<HTMLElement>(null);
  const { id, webhook, state, filter, created_at, created_by, finished_at } = now.value;
  const path = { params: { path: { replay: id } } };
  useEffect(() => focus ? card.current?.focus() : undefined, [focus]);
  useEffect(() => (state === 'running' ? watch(id, (newer) => (now.value = newer), (caught) => (error.value = caught)) : undefined), [id, state]);
  const cancel = async () => {
    now.value = await answered(api.DELETE('/v1/replays/{replay}', path));
  };
  const [text, tone] = STATE[state] ?? [state, undefined];
  const took = finished_at === null ? '' : `, took ${span(Date.parse(finished_at) - Date.parse(created_at))}`;
  return (
    <article class="card" ref={card} tabIndex={-1} aria-label={`Replay of ${nameById(webhook)}`}>
      <div class="row between">
        <div class="row"><Badge tone={tone}>{text}</Badge><a class="break" href={href(['webhooks', webhook])}>{nameById(webhook)}</a></div>
        {state === 'running' && <Button kind="danger" onClick={() => (cancelling.value = true)}>Cancel…</Button>}
      </div>
      <Progress replay={now.value} />
      <p class="faint small break">
        {filter.states.join(', ')}{filter.event_types.length > 0 && <> · <bdi>{filter.event_types.join(', ')}</bdi></>}
        {filter.since !== null && <> · from <Time at={filter.since} /></>}{filter.until !== null && <> · until <Time at={filter.until} /></>}
        {' · '}begun by <bdi>{created_by}</bdi> at <Time at={created_at} />{took}
      </p>
      {error.value !== undefined && state === 'running' && <Failed error={error.value} />}
      {cancelling.value && (
        <Confirm title="Cancel the replay?" action="Cancel the replay" onConfirm={cancel} onClose={() => (cancelling.value = false)}>
          <p>Of <strong class="break">{nameById(webhook)}</strong>. What it has not made yet it never will, and what waits is not sent. What was delivered stays delivered.</p>
        </Confirm>
      )}
    </article>
  );
}

function Progress({ replay }: { readonly replay: Replay }) {
  const { total, created, pending, delivered, failed, state, webhook } = replay;
  const share = progressOf(replay);
  return (
    <div class="stack tight">
      {state === 'running' && <progress value={share} max={1} aria-label={`Progress of the replay of ${nameById(webhook)}`} />}
      <p class="small" role={state === 'running' ? 'status' : undefined}>
        {number(created)} of {deliveries(total)} made: <strong>{number(delivered)} delivered</strong>, {number(failed)} failed, {number(pending)} pending
      </p>
    </div>
  );
}

const number = (count: number) => count.toLocaleString('en');

/** Asks until it is over; what is returned ends that. */
function watch(id: string, told: (replay: Replay) => void, failed: (error: unknown) => void): () => void {
  let wait = SOONEST;
  let timer: ReturnType<typeof setTimeout>;
  const stop = new AbortController();
  const again = () => (timer = setTimeout(() => void look(), (wait = Math.min(wait * 1.2, LATEST))));
  const look = async () => {
    if (document.hidden) return again();
    try {
      const replay = await answered(api.GET('/v1/replays/{replay}', { params: { path: { replay: id } }, signal: stop.signal }));
      if (stop.signal.aborted) return undefined;
      failed(undefined);
      told(replay);
      return replay.state === 'running' ? again() : undefined;
    } catch (error) {
      if (stop.signal.aborted) return undefined;
      failed(error);
      return again();
    }
  };
  again();
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}
