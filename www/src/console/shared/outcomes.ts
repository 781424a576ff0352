// Why an attempt failed, in words, and what can be done about it.

import type { AttemptFailure, Exchange, FailureClass } from '../../generated/api';
import { duration } from './times';

interface Words {
  readonly what: string;
  readonly todo: string;
}

const FAILURE: Readonly<Record<FailureClass, readonly [what: string, todo: string]>> = {
  timeout: ['The receiver did not answer in time', 'Let it answer at once and do its work afterwards, or ask the operator for a longer timeout.'],
  'dns-not-found': ['The name of the host does not exist', 'Check the webhook’s URL and the name’s DNS records.'],
  'dns-failed': ['The name of the host could not be looked up', 'The DNS server did not answer properly. If that lasts, check the name’s DNS records.'],
  'egress-denied': ['This tenant’s webhooks may not go to this address', 'Use a public address, or ask the operator to allow this one for the tenant.'],
  'connection-refused': ['Nothing listens at the address', 'Start the receiver, or mend the port in the webhook’s URL.'],
  'connection-reset': ['The receiver closed the connection before it answered', 'Look into the receiver’s log: it may have crashed, or something before it cut the connection.'],
  unreachable: ['The address cannot be reached', 'Check that the host is up and that no firewall is in between.'],
  'tls-certificate-expired': ['The receiver’s certificate has expired', 'Renew it.'],
  'tls-wrong-host': ['The receiver’s certificate is for another host', 'Use the name that the certificate holds, or get one for this name.'],
  'tls-unknown-issuer': ['The receiver’s certificate is from an issuer that is not trusted', 'Send the whole chain, or ask the operator to trust your own authority.'],
  'tls-revoked': ['The receiver’s certificate was revoked', 'Replace it by a new one.'],
  'tls-revocation-unknown': ['Whether the receiver’s certificate was revoked could not be found out', 'Check that its revocation list can be reached.'],
  'tls-handshake': ['No TLS connection came about', 'Check that the receiver speaks TLS 1.2 or later at this port.'],
  'invalid-response': ['The answer was not proper HTTP', 'Check that an HTTP server listens at this port and what stands before it.'],
  local: ['This server could not send it', 'Its own resources ran short. If that lasts, its operator has to look.'],
};

/** Why no answer came, and what to do. The server may know more reasons one day. */
export function failureInWords({ class: why, phase }: AttemptFailure): Words {
  const [what, todo] = FAILURE[why] ?? [`No answer came (${why})`, 'Look into the receiver’s log.'];
  const where = phase === 'connect' ? 'before a connection stood' : 'after the request was begun';
  return { what: `${what}.`, todo: `${todo} (${why}, ${where})` };
}

/** What a status that is no success says, and what to do. */
export function statusInWords(status: number): Words | undefined {
  if (status >= 200 && status < 300) return undefined;
  const what = `The receiver answered with ${status}.`;
  if (status === 401 || status === 403) {
    return { what, todo: 'It refused the request: check that it has this webhook’s current secret. The playground shows which signature is right.' };
  }
  if (status === 404) return { what, todo: 'Nothing is at this path: check the webhook’s URL.' };
  if (status === 410) return { what, todo: 'It says that it is gone for good: a second 410 disables the webhook.' };
  if (status === 429) return { what, todo: 'It asks for fewer requests; the webhook is paused as long as it says.' };
  if (status >= 300 && status < 400) return { what, todo: 'Redirects are not followed: put the final address into the webhook’s URL.' };
  if (status >= 500) return { what, todo: 'Something broke in the receiver: its log says what.' };
  return { what, todo: 'It did not take the request: its answer or its log says why.' };
}

/** What came of one attempt, in a sentence, with how long it took; and what to do where it failed. */
export function outcomeInWords({ response, failure, duration_ms }: Pick<Exchange, 'response' | 'failure' | 'duration_ms'>): Omit<Words, 'todo'> & Partial<Words> {
  const after = `after ${duration(duration_ms)}`;
  if (response !== null) {
    const what = `The receiver answered with ${response.status} ${after}.`;
    return { ...statusInWords(response.status), what };
  }
  if (failure === null) return { what: `No answer came ${after}.` };
  const { what, todo } = failureInWords(failure);
  return { what, todo };
}
