// A webhook's secret: whether there is one, which one is on its way to take its place, and what can be done about it.

import { useSignal } from '@preact/signals';

import type { Webhook } from '../../generated/api';
import { Button, Notice } from '../../ui/ui';
import { serverNow } from '../api/clock';
import { answered, api } from '../api/client';
import { Confirm } from '../shared/confirm';
import { Time } from '../shared/time';
import { nameOf } from '../shared/webhooks';
import { NewSecret, shownOf } from './new-secret';
import type { Shown } from './new-secret';
import { Replace } from './replace-secret';
import { asMeant, changed, ifMatch, reread } from './store';

interface SecretProps {
  readonly webhook: Webhook;
  readonly mayChange: boolean;
}

export function Secret({ webhook, mayChange }: SecretProps) {
  const { signed, rotation, profile } = webhook;
  const doing = useSignal<'rotate' | 'reset' | 'remove' | undefined>(undefined);
  const shown = useSignal<Shown | undefined>(undefined);
  const stop = () => (doing.value = undefined);
  const request = profile.dialect === 'immuta-request';
  const replaced = (now: Webhook) => {
    changed(now);
    stop();
    shown.value = shownOf(now);
  };
  return (
    <section class="card" aria-label="Secret">
      <h3>Secret</h3>
      <p>
        {signed
          ? 'Its deliveries are signed. The secret is shown to nobody again; if it is lost, reset it.'
          : 'It has no secret: its deliveries carry no signature, and its receiver cannot tell them from anybody else’s.'}
      </p>
      {rotation !== null && <Rotation activateAt={rotation.activate_at} retireAt={rotation.retire_at} />}
      {mayChange && (
        <div class="row">
          {signed && !request && <Button onClick={() => (doing.value = 'rotate')}>Rotate secret</Button>}
          <Button onClick={() => (doing.value = 'reset')}>{signed ? 'Reset secret' : 'Set a secret'}</Button>
          {signed && <Button kind="danger" onClick={() => (doing.value = 'remove')}>Take secret away</Button>}
        </div>
      )}
      {(doing.value === 'rotate' || doing.value === 'reset') && <Replace webhook={webhook} overlapping={doing.value === 'rotate'} onClose={stop} onReplaced={replaced} />}
      {doing.value === 'remove' && <Remove webhook={webhook} onClose={stop} />}
      {shown.value !== undefined && <NewSecret shown={shown.value} onClose={() => (shown.value = undefined)} />}
    </section>
  );
}

function Rotation({ activateAt, retireAt }: { readonly activateAt: string; readonly retireAt: string }) {
  const active = Date.parse(activateAt) <= serverNow();
  return (
    <Notice title="A new secret is taking the old one’s place">
      <span>
        {active
          ? <>The new one signs since <Time at={activateAt} />.</>
          : <>The old one signs the system’s own header until <Time at={activateAt} />, then the new one does.</>}
        {' '}Until <Time at={retireAt} /> both sign <code>webhook-signature</code>.
      </span>
    </Notice>
  );
}

function Remove({ webhook, onClose }: { readonly webhook: Webhook; readonly onClose: () => void }) {
  const remove = async () => {
    await asMeant(webhook.id, answered(api.DELETE('/v1/webhooks/{id}/secret', { params: { path: { id: webhook.id }, header: ifMatch(webhook) } })));
    await reread(webhook.id);
  };
  return (
    <Confirm title="Take the secret away?" action="Take it away" onConfirm={remove} onClose={onClose}>
      <p class="break">
        From the next attempt on, deliveries of <strong>{nameOf(webhook)}</strong> carry no signature at all. A receiver that verifies them will refuse them.
      </p>
    </Confirm>
  );
}
