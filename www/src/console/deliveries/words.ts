// What states, causes and failures are called, and what can be done about a failure.

import type { AttemptFailure, DeliveryCause, DeliveryState, FailureClass } from '../../generated/api';

export const STATE: Readonly<Record<DeliveryState, readonly [text: string, tone: 'good' | 'bad' | 'warn' | undefined]>> = {
  pending: ['Retrying', 'warn'],
  delivered: ['Delivered', 'good'],
  exhausted: ['Exhausted', 'bad'],
  cancelled: ['Cancelled', undefined],
  expired: ['Expired', 'bad'],
};

export const CAUSE: Readonly<Record<DeliveryCause, string>> = { event: 'Event', resend: 'Resend', test: 'Test', replay: 'Replay' };

/** Where a delivery stands, in a sentence. */
export function stateInWords(state: DeliveryState, attempts: number): string {
  const times = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
  switch (state) {
    case 'pending':
      return `Not taken in ${times}; it is tried again.`;
    case 'delivered':
      return attempts === 1 ? 'Taken by the receiver at the first attempt.' : `Taken by the receiver after ${times}.`;
    case 'exhausted':
      return `Given up after ${times}. Once the receiver works again, resend it or replay what the webhook missed.`;
    case 'cancelled':
      return `Cancelled after ${times}: its webhook or its replay is gone.`;
    case 'expired':
      return `Too old to be tried again, after ${times}. Once the receiver works again, resend it or replay what the webhook missed.`;
  }
}

const FAILURE: Readonly<Record<FailureClass, readonly [what: string, todo: string]>> = {
  timeout: ['The receiver did not answer in time', 'Let it answer at once and do its work afterwards, or ask the operator for a longer timeout.'],
  'dns-not-found': ['The name of the host does not exist', 'Check the url of the webhook and the name’s DNS records.'],
  'dns-failed': ['The name of the host could not be looked up', 'The DNS server did not answer properly; it is tried again. If it lasts, check the name’s DNS records.'],
  'egress-denied': ['This tenant’s webhooks may not go to this address', 'Use a public address, or ask the operator to allow this one for the tenant.'],
  'connection-refused': ['Nothing listens at the address', 'Start the receiver, or mend the port in the webhook’s url.'],
  'connection-reset': ['The receiver closed the connection before it answered', 'Look into the receiver’s log: it may have crashed, or something before it cut the connection.'],
  unreachable: ['The address cannot be reached', 'Check that the host is up and that no firewall is in between.'],
  'tls-certificate-expired': ['The receiver’s certificate has expired', 'Renew it.'],
  'tls-wrong-host': ['The receiver’s certificate is for another host', 'Use the name that the certificate holds, or get one for this name.'],
  'tls-unknown-issuer': ['The receiver’s certificate is from an issuer that is not trusted', 'Send the whole chain, or ask the operator to trust your own authority.'],
  'tls-revoked': ['The receiver’s certificate was revoked', 'Replace it by a new one.'],
  'tls-revocation-unknown': ['Whether the receiver’s certificate was revoked could not be found out', 'Check that its revocation list can be reached; it is tried again.'],
  'tls-handshake': ['No TLS connection came about', 'Check that the receiver speaks TLS 1.2 or later at this port.'],
  'invalid-response': ['The answer was not proper HTTP', 'Check that an HTTP server listens at this port and what stands before it.'],
  local: ['This server could not send it', 'Its own resources ran short; it is tried again. If it lasts, its operator has to look.'],
};

/** Why no answer came, and what to do. The server may know more reasons one day. */
export function failureInWords({ class: why, phase }: AttemptFailure): { readonly what: string; readonly todo: string } {
  const [what, todo] = FAILURE[why] ?? [`No answer came (${why})`, 'Look into the receiver’s log.'];
  const where = phase === 'connect' ? 'before a connection stood' : 'after the request was begun';
  return { what: `${what}.`, todo: `${todo} (${why}, ${where})` };
}

/** What a status that is no success says, and what to do. */
export function statusInWords(status: number): { readonly what: string; readonly todo: string } | undefined {
  if (status >= 200 && status < 300) return undefined;
  const what = `The receiver answered with ${status}.`;
  if (status === 401 || status === 403) return { what, todo: 'It refused the request: check that it has this webhook’s current secret. Open the attempt in the playground to see which signature is right.' };
  if (status === 404) return { what, todo: 'Nothing is at this path: check the webhook’s url.' };
  if (status === 410) return { what, todo: 'It says that it is gone for good: a second 410 disables the webhook.' };
  if (status === 429) return { what, todo: 'It asks for fewer requests; the webhook is paused as long as it says.' };
  if (status >= 300 && status < 400) return { what, todo: 'Redirects are not followed: put the final address into the webhook’s url.' };
  if (status >= 500) return { what, todo: 'Something broke in the receiver: its log says what.' };
  return { what, todo: 'It did not take the request: its answer or its log says why.' };
}
