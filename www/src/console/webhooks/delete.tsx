// Deletes a webhook, after somebody has confirmed it: in a dialog that names it, or as the Request app has it, with a
// second button in the place of the first.

import { useSignal } from '@preact/signals';

import type { Webhook } from '../../generated/api';
import { Button } from '../../ui/ui';
import { answered, api } from '../api/client';
import { useAction } from '../shared/action';
import { Confirm } from '../shared/confirm';
import { Failed } from '../shared/failed';
import { useThere } from '../shared/there';
import { nameOf } from '../shared/webhooks';
import { asMeant, deleted, ifMatch } from './store';

interface DeleteProps {
  readonly webhook: Webhook;
  readonly onDeleted: () => void;
}

export function Delete({ webhook, onDeleted }: DeleteProps) {
  const there = useThere();
  const remove = async () => {
    await asMeant(webhook.id, answered(api.DELETE('/v1/webhooks/{id}', { params: { path: { id: webhook.id }, header: ifMatch(webhook) } })));
    deleted(webhook.id);
    // Whoever has gone elsewhere meanwhile stays there.
    if (there.current) onDeleted();
  };
  const Way = webhook.profile.dialect === 'immuta-request' ? DeleteAgain : Named;
  return (
    <section class="card" aria-label="Delete">
      <h3>Delete</h3>
      <p class="small faint"><Told /></p>
      <Way webhook={webhook} remove={remove} />
    </section>
  );
}

function Told() {
  return <>What waits for it is cancelled. Its history stays as long as history is kept.</>;
}

interface WayProps {
  readonly webhook: Webhook;
  readonly remove: () => Promise<void>;
}

function Named({ webhook, remove }: WayProps) {
  const asking = useSignal(false);
  const name = nameOf(webhook);
  return (
    <>
      <div class="row"><Button kind="danger" onClick={() => (asking.value = true)}>Delete</Button></div>
      {asking.value && (
        <Confirm title="Delete this webhook?" action="Delete it" onConfirm={remove} onClose={() => (asking.value = false)}>
          <p class="break"><strong>{name}</strong></p>
          {name !== webhook.url && <p class="small mono break">{webhook.url}</p>}
          <p><Told /></p>
        </Confirm>
      )}
    </>
  );
}

function DeleteAgain({ webhook, remove }: WayProps) {
  const asking = useSignal(false);
  const { busy, error, run } = useAction(remove);
  return (
    <>
      {asking.value && error !== undefined && <Failed error={error} />}
      <div class="row">
        {/* The same button: whoever has the focus on the first has it on the second. */}
        <Button kind={asking.value ? 'danger primary' : 'danger'} busy={busy} onClick={() => (asking.value ? run() : (asking.value = true))}>
          {asking.value ? 'Delete again' : 'Delete'}
        </Button>
        {asking.value && <Button onClick={() => (asking.value = false)}>Keep it</Button>}
        <span class="small break" role="status">{asking.value ? `Delete again to delete ${nameOf(webhook)} for good.` : ''}</span>
      </div>
    </>
  );
}
