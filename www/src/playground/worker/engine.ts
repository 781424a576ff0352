// What the worker answers. Pure but for the package, which it asks: no clock, nothing kept between two questions.

import { VerificationError, explain, sign, verify } from 'sigpost';
import type { Explanation, PresetName, VerifierOptions } from 'sigpost';

import { ImportError, read } from '../import';
import { leaks } from '../leaks';
import type { Header } from '../request';
import type { Case, Failure, Judgement, Name, Questions, Signable, Verdict } from './protocol';
import { schemeOf, traceOf } from './trace';

/** The longest body that is looked at, in bytes: what a browser holds several times over without trouble. */
export const MAX_BODY = 16 * 1024 * 1024;

/** The longest tolerance that a scheme can have, in seconds: 136 years. */
const ANY_AGE = 2 ** 32 - 1;

type Answers = { readonly [N in Name]: (about: Questions[N][0]) => Questions[N][1] };

export const answers: Answers = {
  judge,
  explain: explained,
  read: readGiven,
  sign: signed,
  leaks: ({ shared, secrets }) => leaks(shared, secrets),
};

function judge({ about, others }: Questions['judge'][0]): Judgement {
  const verdict = verdictOf(about);
  // What makes no sense as a scheme has no steps.
  const nonsense = verdict.kind === 'refused' && (verdict.code === 'invalid_scheme' || verdict.code === 'unknown_scheme');
  return {
    verdict,
    trace: nonsense ? undefined : traceOf(about),
    others: others.map((scheme) => ({ scheme, verdict: verdictOf({ ...about, scheme, tolerance: undefined, canonical: false }) })),
  };
}

function verdictOf(about: Case): Verdict {
  const { scheme, secrets, headers, body, now } = about;
  try {
    const { secretIndex, id, timestamp } = verify<PresetName, unknown>(scheme as PresetName, secrets, headers, body, options(about));
    return { kind: 'genuine', secretIndex, id, timestamp };
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    const { code, fault, header, message } = error;
    return { kind: 'refused', code, fault, header, message };
  }

  function options({ tolerance, canonical }: Case): VerifierOptions {
    return {
      now: () => now,
      maxBytes: MAX_BODY,
      ...(tolerance === undefined ? {} : { tolerance }),
      ...(canonical ? { body: 'canonical' as const } : {}),
    };
  }
}

/** `explain` knows no options but the scheme's own: what was chosen is put into the scheme. */
function explained({ scheme, secrets, headers, body, now, tolerance, canonical }: Case): Explanation {
  const chosen = {
    ...(tolerance === undefined ? {} : { tolerance: tolerance ?? ANY_AGE }),
    ...(canonical ? { body: 'canonical' as const } : {}),
  };
  const asked = Object.keys(chosen).length === 0 ? scheme : { ...schemeOf(scheme), ...chosen };
  return explain(asked, secrets, headers, body, { now: () => now, maxBytes: MAX_BODY });
}

function readGiven(given: Questions['read'][0]): Questions['read'][1] {
  try {
    return read(given);
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    const { message, position, remedy } = error;
    return { kind: 'unreadable', message, position, remedy };
  }
}

function signed({ scheme, secret, body, id, timestamp }: Signable): readonly Header[] {
  const message = { body, ...(id === undefined ? {} : { id }), ...(timestamp === undefined ? {} : { timestamp }) };
  return Object.entries(sign(scheme, secret, message));
}

/** Why there is no answer, for the page. */
export function failureOf(error: unknown): Failure {
  return {
    code: error instanceof VerificationError ? error.code : undefined,
    message: error instanceof Error ? error.message : String(error),
  };
}
