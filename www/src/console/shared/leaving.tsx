// Asks whoever is about to lose something.

import type { ReadonlySignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { Question } from './confirm';
import { ENTERED, hold, leave, leaving } from './unsaved';
import type { Loss } from './unsaved';

/** Holds the page whenever `holds` says so, for as long as the component is there. It is asked at that moment. */
export function useHold(loss: Loss, holds: () => boolean): void {
  const latest = useRef(holds);
  latest.current = holds;
  // Other effects are taken back only after the page has been painted: whoever goes on at once would be asked about what
  // is not there any more, and the question would go away by itself with the place that was meant.
  useLayoutEffect(() => hold(loss, () => latest.current()), [loss]);
}

/** Holds what is entered into a form for as long as that is there. What is returned closes it, after a question if need be. */
export function useEntered(draft: ReadonlySignal<unknown>, onClose: () => void): () => void {
  const start = useRef(JSON.stringify(draft.peek()));
  useHold(ENTERED, () => JSON.stringify(draft.peek()) !== start.current);
  return () => leave(onClose, ENTERED);
}

/** What is lost by whoever leaves before something is there that is shown once. */
export const coming = (what: string): Loss => ({
  title: `Leave before the ${what} is here?`,
  text: `The new ${what} is on its way, and is shown this once. Whoever leaves now never sees it, and has to make another.`,
  stay: 'Wait for it',
  leave: 'Leave without it',
});

/** Holds the page while that is on its way. Nobody is asked any more once it has come, or could not. */
export function useComing(loss: Loss, isComing: boolean): void {
  useHold(loss, () => isComing);
  useLayoutEffect(
    () => () => {
      if (leaving.peek()?.what === loss) leaving.value = undefined;
    },
    [loss, isComing],
  );
}

/** The question, over everything else. The console has it once. */
export function LeavingDialog() {
  const asked = leaving.value;
  if (asked === undefined) return null;
  const stay = () => (leaving.value = undefined);
  return (
    <Question title={asked.what.title} action={asked.what.leave} onAct={asked.leave} back={asked.what.stay} onClose={stay}>
      <p>{asked.what.text}</p>
    </Question>
  );
}
