// Where somebody is: all of it stands in the fragment of the URL, which no server is sent, so that going back, reloading
// and handing on work. Nothing secret ever stands there.
//
//   #/webhooks?q=orders        a path, and what is chosen there

import { signal } from '@preact/signals';

export interface Route {
  /** The parts of the path: `['webhooks', 'ID']`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

export const route = signal<Route>(parse(location.hash));

/** The fragment that is shown. The browser's own is already another one when somebody has just gone elsewhere. */
let shown = location.hash;

/** Asked before what is shown changes. Whoever answers false has to say how it goes on from there. */
let mayLeave: (to: string) => boolean = () => true;

addEventListener('hashchange', () => {
  const to = location.hash;
  if (to !== shown && !mayLeave(to)) {
    // Back to where the page still is. What lay ahead in the history is lost, and that is all.
    history.pushState(null, '', shown === '' ? '#/' : shown);
    return;
  }
  shown = to;
  route.value = parse(to);
});

/** Puts a guard before every change of place. Returns what takes it away. */
export function guardRoute(guard: (to: string) => boolean): () => void {
  mayLeave = guard;
  return () => {
    if (mayLeave === guard) mayLeave = () => true;
  };
}

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The fragment of a place. Values that are empty or undefined are left out. */
export function href(path: readonly string[], query: Readonly<Record<string, string | undefined>> = {}): string {
  const chosen = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  const text = new URLSearchParams(chosen).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

/** Goes there. `replace` leaves no step to go back to, for choices that are made letter by letter. */
export function go(to: string, replace = false): void {
  if (replace) {
    history.replaceState(null, '', to);
    shown = location.hash;
    route.value = parse(location.hash);
  } else {
    location.hash = to;
  }
}
