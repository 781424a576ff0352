// What would be lost by going elsewhere. As long as something is held, the browser asks before the page is closed, and
// the console before it shows another place: by a link, by going back, or by closing what it is entered into.

import { effect, signal } from '@preact/signals';

import { go, guardRoute } from '../route';

/** What somebody wants to do that would lose something, until they have said whether they mean it. */
export interface Leaving {
  readonly what: Loss;
  /** Goes on, and loses it. */
  readonly leave: () => void;
}

/** What would be lost, in words of a dialog. */
export interface Loss {
  readonly title: string;
  readonly text: string;
  readonly stay: string;
  readonly leave: string;
}

export const ENTERED: Loss = {
  title: 'Discard what you entered?',
  text: 'The form holds changes that are not saved. They are lost if you leave it.',
  stay: 'Keep editing',
  leave: 'Discard',
};

/** The dialog that is open, if one is. */
export const leaving = signal<Leaving | undefined>(undefined);

const held = signal<readonly Loss[]>([]);

/** Holds the page until the returned function is called. */
export function hold(loss: Loss): () => void {
  // Each call is its own, also if two hold for the same reason.
  const own = { ...loss };
  held.value = [...held.peek(), own];
  return () => {
    held.value = held.peek().filter((one) => one !== own);
  };
}

/** Does it, unless that would lose something: then somebody is asked first. */
export function leave(act: () => void): void {
  const what = held.peek().at(-1);
  if (what === undefined) {
    act();
    return;
  }
  leaving.value = {
    what,
    leave: () => {
      leaving.value = undefined;
      held.value = [];
      act();
    },
  };
}

guardRoute((to) => {
  if (held.peek().length === 0) return true;
  leave(() => go(to));
  return false;
});

effect(() => {
  if (held.value.length === 0) return undefined;
  const ask = (event: BeforeUnloadEvent) => event.preventDefault();
  addEventListener('beforeunload', ask);
  return () => removeEventListener('beforeunload', ask);
});
