// Asks whoever is about to lose something.

import { useEffect, useRef } from 'preact/hooks';

import { Question } from './confirm';
import { hold, leaving } from './unsaved';
import type { Loss } from './unsaved';

/** Holds the page whenever `holds` says so, for as long as the component is there. It is asked at that moment. */
export function useHold(loss: Loss, holds: () => boolean): void {
  const latest = useRef(holds);
  latest.current = holds;
  useEffect(() => hold(loss, () => latest.current()), [loss]);
}

/** The question, over everything else. It belongs once into each view that holds something. */
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
