// What would be lost by going elsewhere. As long as something is held, the browser asks before the page is closed, and
// the console before it shows another place: by a link, by going back, or by closing what it is entered into.

import { signal } from '@preact/signals';

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

interface Held {
  readonly loss: Loss;
  readonly holds: () => boolean;
}

let held: readonly Held[] = [];

/** What is given up, on the way to this place. What stays there all the same holds the page again once that is reached. */
let givenUp: { readonly lost: readonly Held[]; readonly to: string } | undefined;

const holding = (only?: Loss) => held.filter(({ loss, holds }) => (only === undefined || loss === only) && holds());

/** Holds the page, whenever `holds` says so, until the returned function is called. */
export function hold(loss: Loss, holds: () => boolean): () => void {
  const own: Held = { loss, holds };
  held = [...held, own];
  return () => {
    held = held.filter((one) => one !== own);
    // Nobody is asked about what is gone by itself, such as by signing out.
    if (held.length === 0) leaving.value = undefined;
  };
}

/** Does it, unless that would lose something, or `only` that: then somebody is asked first. */
export function leave(act: () => void, only?: Loss): void {
  const lost = holding(only);
  const what = lost.at(-1)?.loss;
  if (what === undefined) {
    act();
    return;
  }
  leaving.value = {
    what,
    leave: () => {
      leaving.value = undefined;
      act();
      givenUp = { lost, to: location.hash };
    },
  };
}

guardRoute((to) => {
  const lost = givenUp?.to === to ? givenUp.lost : [];
  givenUp = undefined;
  if (holding().every((one) => lost.includes(one))) return true;
  leave(() => go(to));
  return false;
});

addEventListener('beforeunload', (event) => {
  if (holding().length > 0) event.preventDefault();
});
