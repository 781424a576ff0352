// One webhook, at the side of the list: what it is, and what can be done with it.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { Webhook } from '../../generated/api';
import { Button, Check, Dialog, Notice, Spinner } from '../../ui/ui';
import { answered, api } from '../api/client';
import { Refusal } from '../api/errors';
import { href } from '../route';
import { mayChange } from '../shared/rights';
import { Trouble } from '../shared/trouble';
import { leave } from '../shared/unsaved';
import { Delete } from './delete';
import { Edit } from './edit';
import { Facts } from './facts';
import { Secret } from './secret';
import { changed, ifMatch, opened, reread } from './store';
import { TryStored } from './try';
import { StateBadge, nameOf, whyDisabled } from './words';

interface SheetProps {
  readonly id: string;
  readonly onClose: () => void;
}

export function Sheet({ id, onClose }: SheetProps) {
  const error = useSignal<unknown>(undefined);
  const webhook = opened.value?.id === id ? opened.value : undefined;
  const read = async () => {
    error.value = undefined;
    try {
      opened.value = await reread(id);
    } catch (caught) {
      error.value = caught;
    }
  };
  useEffect(() => {
    void read();
    return () => (opened.value = undefined);
  }, [id]);
  return (
    <Dialog title={<span class="break">{webhook === undefined ? 'Webhook' : nameOf(webhook)}</span>} sheet onClose={() => leave(onClose)}>
      {error.value !== undefined && <Trouble error={error.value} retry={read} />}
      {webhook !== undefined ? <Opened webhook={webhook} onClose={onClose} /> : error.value === undefined && <Spinner label="Reading the webhook …" />}
    </Dialog>
  );
}

function Opened({ webhook, onClose }: { readonly webhook: Webhook; readonly onClose: () => void }) {
  const may = mayChange();
  const editing = useSignal<Webhook | undefined>(undefined);
  const saved = useSignal(false);
  const close = () => (editing.value = undefined);
  return (
    <div class="stack">
      <div class="row between">
        <StateBadge webhook={webhook} />
        <a href={href(['deliveries'], { webhook: webhook.id })}>Its deliveries</a>
      </div>
      <Toggle webhook={webhook} mayChange={may} />
      <section class="card" aria-label="Settings">
        <div class="row between">
          <h3>Settings</h3>
          {may && editing.value === undefined && (
            <Button
              onClick={() => {
                saved.value = false;
                editing.value = webhook;
              }}
            >
              Edit
            </Button>
          )}
        </div>
        <span class="small faint" role="status">{saved.value ? 'Saved.' : ''}</span>
        {editing.value === undefined ? <Facts webhook={webhook} /> : (
          <Edit
            webhook={editing.value}
            onClose={close}
            onSaved={() => {
              close();
              saved.value = true;
            }}
          />
        )}
      </section>
      {may && <TryStored webhook={webhook} />}
      <Secret webhook={webhook} mayChange={may} />
      <Delete webhook={webhook} onDeleted={onClose} />
    </div>
  );
}

function Toggle({ webhook, mayChange: may }: { readonly webhook: Webhook; readonly mayChange: boolean }) {
  const busy = useSignal(false);
  const error = useSignal<unknown>(undefined);
  const set = async (enabled: boolean) => {
    busy.value = true;
    error.value = undefined;
    try {
      changed(await answered(api.PATCH('/v1/webhooks/{id}', { params: { path: { id: webhook.id }, header: ifMatch(webhook) }, body: { enabled } })));
    } catch (caught) {
      error.value = caught;
      if (caught instanceof Refusal && caught.status === 412) await reread(webhook.id).catch(() => undefined);
    } finally {
      busy.value = false;
    }
  };
  const why = whyDisabled(webhook);
  return (
    <div class="stack tight">
      {may && <Check toggle label="Enabled" checked={webhook.state === 'enabled'} disabled={busy.value} onChange={set} />}
      {why !== undefined && <Notice tone={webhook.disabled_reason === 'by-owner' ? 'warn' : 'bad'} title="It is disabled" live="status"><span>{why}</span></Notice>}
      {error.value !== undefined && <Trouble error={error.value} />}
    </div>
  );
}
