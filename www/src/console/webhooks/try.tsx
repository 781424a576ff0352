// Trying something out with a button, as often as the server allows, and what came of it.

import { useSignal } from '@preact/signals';

import type { Delivery, DraftTest, Webhook } from '../../generated/api';
import { Button, SelectField } from '../../ui/ui';
import { serverNow } from '../api/clock';
import { answered, api } from '../api/client';
import { secondsToWait } from '../api/errors';
import { useTimeLeft } from '../shared/countdown';
import { Failed } from '../shared/failed';
import { isWildcard } from './event-types';
import { Outcome } from './outcome';
import { typesOf } from './words';

interface TryProps {
  readonly label: string;
  /** Sends it; nothing if there is nothing that could be sent. */
  readonly send: () => Promise<Delivery | DraftTest | undefined>;
  /** Takes what is to be shown elsewhere, as at a field. Whether it did. */
  readonly onRefused?: (error: unknown) => boolean;
}

export function Try({ label, send, onRefused }: TryProps) {
  const tried = useSignal<Delivery | DraftTest | undefined>(undefined);
  const error = useSignal<unknown>(undefined);
  const busy = useSignal(false);
  const until = useSignal<number | undefined>(undefined);
  const seconds = Math.ceil(useTimeLeft(until.value) / 1_000);
  const run = async () => {
    busy.value = true;
    error.value = undefined;
    tried.value = undefined;
    try {
      tried.value = await send();
    } catch (caught) {
      const wait = secondsToWait(caught);
      if (wait !== undefined) until.value = serverNow() + wait * 1_000;
      else if (onRefused?.(caught) !== true) error.value = caught;
    } finally {
      busy.value = false;
    }
  };
  return (
    <div class="stack tight">
      <div class="row">
        <Button busy={busy.value} disabled={seconds > 0} onClick={run}>{label}</Button>
        <span class="small faint" role="status">
          {busy.value && 'Waiting for the receiver…'}
          {!busy.value && seconds > 0 && `Ten tests a minute are allowed: the next one in ${seconds} s.`}
        </span>
      </div>
      {error.value !== undefined && <Failed error={error.value} />}
      {tried.value !== undefined && <Outcome tried={tried.value} />}
    </div>
  );
}

/** Tries a stored webhook out, with an event of one of its types. */
export function TryStored({ webhook }: { readonly webhook: Webhook }) {
  const type = useSignal('');
  const types = (typesOf(webhook) ?? []).filter((name) => !isWildcard(name));
  const send = () =>
    answered(api.POST('/v1/webhooks/{id}/test', { params: { path: { id: webhook.id } }, body: type.value === '' ? {} : { event_type: type.value } }));
  return (
    <section class="card" aria-label="Test">
      <h3>Test</h3>
      <p class="small faint">Sends it an event that says of itself that it is a test, once, now, also while it is disabled.</p>
      {types.length > 1 && (
        <SelectField
          label="Event type of the test"
          value={type.value}
          options={[['', 'Any that it is subscribed to'], ...types.map((name) => [name, name] as const)]}
          onChange={(name) => (type.value = name)}
        />
      )}
      <Try label="Send a test" send={send} />
    </section>
  );
}
