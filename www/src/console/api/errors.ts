// What goes wrong between the console and the server, and what somebody can do about it.

import type { Problem } from '../../generated/api';
import { SignedOut } from './session';

/** The server refused, in its own words. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly problem: Problem | undefined,
    /** In how many seconds it may be asked again, if it said so. */
    readonly retryAfter: number | undefined,
  ) {
    super(problem?.detail ?? `the server answered with ${status}`);
  }

  /** The kind of problem, like `not-found`. */
  get kind(): string | undefined {
    return this.problem?.type.split(':').at(-1);
  }

  /** The member of the body that is wrong, if it is one. */
  get field(): string | undefined {
    return this.problem?.field;
  }
}

/** The server did not answer. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';

  constructor(cause: unknown) {
    super('the server does not answer', { cause });
  }
}

/** What has happened, and what to do, for people. */
export function advice(error: unknown): { readonly what: string; readonly todo: string } {
  if (error instanceof Unreachable) {
    return globalThis.navigator?.onLine === false
      ? { what: 'The server cannot be reached: this browser is offline.', todo: 'Connect it to the network, then try again. Nothing you entered is lost.' }
      : { what: 'The server does not answer.', todo: 'Check that it runs and that you are online, then try again. Nothing you entered is lost.' };
  }
  if (error instanceof SignedOut) {
    return { what: 'This was not done: somebody else has signed in meanwhile.', todo: 'Look at what is shown, and do it again if you mean it.' };
  }
  if (!(error instanceof Refusal)) {
    return { what: 'Something went wrong in this page.', todo: `Try again; if it happens again, reload the page. (${String(error)})` };
  }
  const what = sentence(error.message);
  switch (error.status) {
    case 403:
      return { what, todo: 'Ask an admin of your tenant for the right, or to do it for you.' };
    case 404:
      return { what, todo: 'It may have been deleted meanwhile, or be somebody else’s. Go back to the list and reload it.' };
    case 409:
      return { what, todo: error.kind === 'configured'
          ? 'The configuration file declares it: whoever runs the server changes it there.'
          : 'Look at what there is now, then choose something else or try again.' };
    case 412:
      return { what: 'Somebody has changed this meanwhile.', todo: 'Look at what it is now, and do it again if you still mean it.' };
    case 414:
    case 431:
      return { what: 'This is longer than the server, or a proxy before it, reads.', todo: 'Shorten what you search or filter for. If you are signing in, check that you pasted the token and nothing else.' };
    case 429:
      return { what, todo: error.retryAfter === undefined ? 'Wait a little, then try again.' : `Try again in ${error.retryAfter} s.` };
    case 503:
      return { what, todo: 'The server is busy or its disk is full. Wait a little, then try again; if it lasts, its operator has to look.' };
    default:
      return { what, todo: todoAbout(error) };
  }
}

function todoAbout({ status, problem }: Refusal): string {
  if (status >= 500) return 'Try again; if it happens again, the server’s log says more.';
  // The server always says why.
  return problem === undefined ? 'It was probably a proxy before the server. Try again; if it happens again, ask whoever runs it.' : 'Mend what is named and try again.';
}

/** In how many seconds it may be done again, if that is all that was wrong. */
export function secondsToWait(error: unknown): number | undefined {
  return error instanceof Refusal && error.status === 429 ? Math.max(1, error.retryAfter ?? 5) : undefined;
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
