// Whether a webhook delivers, why it does not, and the switch.

import { useSignal } from '@preact/signals';

import type { Webhook } from '../../generated/api';
import { Check, Notice } from '../../ui/ui';
import { answered, api } from '../api/client';
import { href } from '../route';
import { useAction } from '../shared/action';
import { Failed } from '../shared/failed';
import { asMeant, changed, ifMatch } from './store';
import { StateBadge, whyDisabled } from './words';

interface StateProps {
  readonly webhook: Webhook;
  readonly mayChange: boolean;
}

export function State({ webhook, mayChange: may }: StateProps) {
  /** What was last asked for. */
  const wanted = useSignal(false);
  const { busy, error, run } = useAction(async (enabled: boolean) => {
    wanted.value = enabled;
    const params = { path: { id: webhook.id }, header: ifMatch(webhook) };
    changed(await asMeant(webhook.id, answered(api.PATCH('/v1/webhooks/{id}', { params, body: { enabled } }))));
  });
  const why = whyDisabled(webhook);
  return (
    <div class="stack tight">
      <div class="row between">
        {may ? <Check toggle label="Enabled" checked={busy ? wanted.value : webhook.state === 'enabled'} onChange={run} /> : <StateBadge webhook={webhook} />}
        {/* History holds bodies, which are none of an operator's business. */}
        {may && <a href={href(['deliveries'], { webhook: webhook.id })}>Its deliveries</a>}
      </div>
      {why !== undefined && <Notice tone={webhook.disabled_reason === 'by-owner' ? 'warn' : 'bad'} title="It is disabled" live="status"><span>{why}</span></Notice>}
      {error !== undefined && <Failed error={error} />}
    </div>
  );
}
