// What is known of a webhook, in words.

import type { DisabledReason, FailureClass, Webhook } from '../../generated/api';
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

/** Why no answer came, and where to look. */
export const FAILURES: Readonly<Record<FailureClass, string>> = {
  timeout: 'The receiver did not answer in time. It has to answer first and work afterwards.',
  'dns-not-found': 'There is no host of this name. Check the URL for a typing error.',
  'dns-failed': 'The name of the host could not be resolved: its DNS does not answer.',
  'egress-denied': 'This server may not connect to that address. Its operator decides which private networks a tenant’s webhooks may reach.',
  'connection-refused': 'Nothing listens at this host and port. Check that the receiver runs, and the port in the URL.',
  'connection-reset': 'The receiver cut the connection.',
  unreachable: 'There is no way to that host from this server.',
  'tls-certificate-expired': 'The receiver’s certificate has expired, or is not valid yet.',
  'tls-wrong-host': 'The receiver’s certificate is for another host name.',
  'tls-unknown-issuer': 'The receiver’s certificate is of an issuer that this server does not trust. Often an intermediate certificate is missing.',
  'tls-revoked': 'The receiver’s certificate has been revoked.',
  'tls-revocation-unknown': 'Nobody could say whether the receiver’s certificate has been revoked.',
  'tls-handshake': 'No secure connection came about: the receiver speaks no TLS there, or none that this server accepts.',
  'invalid-response': 'What the receiver answered is no HTTP, or too much of it.',
  local: 'Something went wrong on this server before the request was sent. Its log says more.',
};

/** Why an attempt failed. Words that are newer than this page are shown as they are. */
export function failureWords(failure: { readonly class: string }): string {
  return Object.hasOwn(FAILURES, failure.class) ? FAILURES[failure.class as FailureClass] : failure.class;
}
