// Asks whoever is about to lose something.

import { useEffect, useRef } from 'preact/hooks';

import { Button, Dialog } from '../../ui/ui';
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
    <Dialog title={asked.what.title} onClose={stay}>
      <p>{asked.what.text}</p>
      <div class="row end">
        <Button onClick={stay}>{asked.what.stay}</Button>
        <Button kind="danger primary" onClick={asked.leave}>{asked.what.leave}</Button>
      </div>
    </Dialog>
  );
}
