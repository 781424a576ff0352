// What is known of a webhook, in words.

import type { DisabledReason, Webhook } from '../../generated/api';
import { Badge } from '../../ui/ui';

/** The event types it names; nothing where its system has it receive every one. */
export function typesOf({ profile }: Webhook): readonly string[] | undefined {
  return profile.dialect === 'immuta-request' ? undefined : profile.event_types;
}

const DISABLED: Readonly<Record<DisabledReason, { readonly short: string; readonly long: string }>> = {
  'by-owner': { short: 'switched off', long: 'Somebody switched it off. What happens meanwhile waits, and is sent once it is switched on again.' },
  gone: { short: 'receiver is gone', long: 'Its receiver answered twice that it is gone for good (410). Check the URL, then switch it on again: what waits is then sent.' },
  failing: { short: 'failed for days', long: 'It has failed for five days on end. Mend the receiver, try it out with a test, then switch it on again: what waits is then sent.' },
};

export function StateBadge({ webhook }: { readonly webhook: Webhook }) {
  if (webhook.state === 'enabled') return <Badge tone="good">Enabled</Badge>;
  const { disabled_reason: reason } = webhook;
  const tone = reason === 'by-owner' || reason === undefined ? undefined : 'bad';
  return <Badge tone={tone}>Disabled{reason !== undefined && `: ${DISABLED[reason].short}`}</Badge>;
}

export function whyDisabled({ state, disabled_reason: reason }: Webhook): string | undefined {
  return state === 'enabled' || reason === undefined ? undefined : DISABLED[reason].long;
}
