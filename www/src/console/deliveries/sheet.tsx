// One delivery: what it is, where it stands, when it goes on, and each of its attempts. It follows what happens to it.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { Delivery } from '../../generated/api';
import { Badge, Button, Dialog, Notice, Spinner } from '../../ui/ui';
import { answered, api } from '../api/client';
import { listen } from '../live/stream';
import { href } from '../route';
import { useAction } from '../shared/action';
import { Failed } from '../shared/failed';
import { useLoaded } from '../shared/load';
import { useLooking } from '../shared/looking';
import { Time } from '../shared/time';
import { nameById, webhooks } from '../shared/webhooks';
import { Attempts } from './attempt';
import { Countdown } from './countdown';
import { rowOf } from './row';
import { standingOf } from './standing';
import { CAUSE, STATE, stateInWords } from './words';

interface Props {
  readonly id: string;
  readonly linkTo: (id: string) => string;
  readonly onClose: () => void;
}

export function DeliverySheet({ id, linkTo, onClose }: Props) {
  const read = (signal: AbortSignal) => answered(api.GET('/v1/deliveries/{delivery}', { params: { path: { delivery: id } }, signal }));
  const { data, error, loading, reload, update } = useLoaded(id, read);
  // Attempts are told; that there will be none is not.
  useLooking(async (signal) => {
    if (data?.state !== 'pending') return;
    const now = await read(signal);
    update((before) => (now.id === before.id && now.attempts >= before.attempts ? now : before));
  });
  useEffect(() => listen({ attempts: (attempts) => attempts.some(({ delivery }) => delivery === id) && reload(), gap: reload }), [id]);
  return (
    <Dialog title="Delivery" onClose={onClose} sheet>
      {error !== undefined && <Failed error={error} retry={reload} />}
      {data === undefined && loading && <Spinner label="Loading the delivery…" />}
      {data !== undefined && (
        <>
          <Facts delivery={data} />
          <div class="row">
            <Resend id={id} linkTo={linkTo} />
            <Button busy={loading} onClick={reload}>Reload</Button>
          </div>
          <Attempts delivery={data} />
        </>
      )}
    </Dialog>
  );
}

function Facts({ delivery }: { readonly delivery: Delivery }) {
  const { event, webhook, cause, attempts, next_attempt_at, message_id, created_at, id } = delivery;
  const deleted = delivery.webhook_deleted || webhooks.data.value?.get(webhook)?.deleted === true;
  const standing = standingOf(rowOf(delivery));
  const [text, tone] = STATE[standing];
  return (
    <div class="stack tight">
      <div class="row" role="status"><Badge tone={tone}>{text}</Badge><span>{stateInWords(standing, attempts)}</span></div>
      {standing === 'pending' && next_attempt_at !== null && <Countdown at={next_attempt_at} />}
      <dl class="facts">
        <dt>Event type</dt><dd class="mono">{event.type}</dd>
        <dt>Event</dt><dd class="mono"><bdi>{event.id}</bdi> <span class="faint">from</span> <bdi>{event.source}</bdi></dd>
        <dt>Webhook</dt>
        <dd>
          {deleted ? <><bdi>{nameById(webhook)}</bdi> <Badge>deleted</Badge></> : <a href={href(['webhooks', webhook])}>{nameById(webhook)}</a>}
          {' · '}<a href={href(['stats'], { webhook })}>Statistics</a>
        </dd>
        <dt>Cause</dt><dd>{CAUSE[cause]}</dd>
        <dt>Made at</dt><dd><Time at={created_at} millis /></dd>
        <dt><code>webhook-id</code></dt><dd class="mono">{message_id}</dd>
        <dt>Delivery</dt><dd class="mono">{id}</dd>
      </dl>
    </div>
  );
}

/** Sends it once more. That is a delivery of its own. */
function Resend({ id, linkTo }: { readonly id: string; readonly linkTo: (id: string) => string }) {
  const made = useSignal<Delivery | undefined>(undefined);
  const { busy, error, run } = useAction(async () => {
    made.value = undefined;
    made.value = await answered(api.POST('/v1/deliveries/{delivery}/resend', { params: { path: { delivery: id } } }));
  });
  return (
    <>
      <Button kind="primary" busy={busy} onClick={run}>Resend</Button>
      {error !== undefined && <Failed error={error} />}
      {made.value !== undefined && (
        <Notice tone={made.value.success ? 'good' : 'bad'} live="status" title={`Sent again: the receiver ${made.value.success ? 'took it' : 'did not take it'}.`}>
          <a href={linkTo(made.value.id)}>Open the new delivery</a>
        </Notice>
      )}
    </>
  );
}
