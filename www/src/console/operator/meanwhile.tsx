// What others do to something while somebody changes it. The API takes no precondition for users and tenants: what it has
// become is read before it is saved, and whoever has changed the same as somebody else has to look at it first.

import { useSignal } from '@preact/signals';
import type { ReadonlySignal, Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import { Notice } from '../../ui/ui';
import { collide } from './collide';

export interface Meanwhile<Draft> {
  /** What the draft is a change of. */
  readonly base: ReadonlySignal<Draft>;
  /** Whether it can be saved, given what it is now. If not, the draft is on top of that from now on, and the notice says so. */
  readonly meets: (now: Draft) => boolean;
  readonly notice: ComponentChildren;
}

export function useMeanwhile<Draft extends object>(draft: Signal<Draft>, rebased: (before: Draft, mine: Draft, now: Draft) => Draft): Meanwhile<Draft> {
  const base = useSignal(draft.peek());
  const collided = useSignal(false);
  const meets = (now: Draft) => {
    const [before, mine] = [base.peek(), draft.peek()];
    collided.value = collide(before, mine, now);
    if (collided.peek()) {
      draft.value = rebased(before, mine, now);
      base.value = now;
    }
    return !collided.peek();
  };
  return { base, meets, notice: collided.value && <Told /> };
}

function Told() {
  return (
    <Notice tone="warn" title="Somebody has changed this meanwhile" live="alert">
      <span>Nothing is saved yet. The form shows what it is now, with what you changed on top: look at it, then save again.</span>
    </Notice>
  );
}
