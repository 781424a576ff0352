// Asks the worker whenever something changes: at once for the verdict, and, once that says no, for the reason. An answer
// that comes when something else has been entered is dropped.

import { effect, signal } from '@preact/signals';
import type { Explanation, PresetName } from 'sigpost';

import { ask } from '../worker/bridge';
import type { Case, Judgement } from '../worker/protocol';
import { signsTime } from './schemes';
import { bytes, candidates, canonical, given, headers, mode, now, problem, scheme, secondsOf, toleranceChosen } from './state';

/** So long after the last key. */
const DELAY = 120;

export type Judged =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'judging' }
  | { readonly kind: 'judged'; readonly about: Case; readonly judgement: Judgement }
  | { readonly kind: 'failed'; readonly message: string };

export const judged = signal<Judged>({ kind: 'nothing' });

/** What is shown was said of something that has been changed since. */
export const outdated = signal(false);

/** Why the request is refused; `looking` until that is known. */
export const explanation = signal<Explanation | 'looking' | undefined>(undefined);

let round = 0;

effect(() => {
  const about = caseNow();
  const others = candidates.value.map(({ scheme: other }) => other).filter((other) => other !== about?.scheme);
  round += 1;
  const mine = round;
  outdated.value = true;
  if (about === undefined || mode.value !== 'verify') {
    judged.value = { kind: 'nothing' };
    explanation.value = undefined;
    outdated.value = false;
    return undefined;
  }
  const timer = setTimeout(() => void judge(about, others, () => mine === round), DELAY);
  return () => clearTimeout(timer);
});

/** What is to be judged; nothing while nothing was entered. */
function caseNow(): Case | undefined {
  const { headers: list } = headers.value;
  if (problem.value !== undefined || scheme.value === undefined || (list.length === 0 && bytes.value.length === 0)) return undefined;
  return {
    scheme: scheme.value,
    secrets: given.value,
    headers: list,
    body: bytes.value,
    now: (secondsOf(now.value) ?? Date.now() / 1000) * 1000,
    // For a scheme that signs no time it would be an error.
    tolerance: signsTime(scheme.value) ? toleranceChosen.value : undefined,
    canonical: canonical.value,
  };
}

async function judge(about: Case, others: readonly PresetName[], current: () => boolean): Promise<void> {
  if (judged.peek().kind === 'nothing') judged.value = { kind: 'judging' };
  try {
    const judgement = await ask('judge', { about, others });
    if (!current()) return;
    const { verdict } = judgement;
    const worthwhile = verdict.kind === 'refused' && verdict.fault === 'sender' && about.secrets.length > 0;
    judged.value = { kind: 'judged', about, judgement };
    outdated.value = false;
    explanation.value = worthwhile ? 'looking' : undefined;
    if (!worthwhile) return;
    const why = await ask('explain', about);
    if (current()) explanation.value = why;
  } catch (error) {
    if (!current()) return;
    outdated.value = false;
    judged.value = { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    explanation.value = undefined;
  }
}
