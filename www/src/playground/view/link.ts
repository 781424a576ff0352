// The link that the page was opened with: what its fragment holds is shown, or why it cannot be. Once something else is
// looked at, neither the fragment nor that problem is left.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { isShared, loadShare } from '../fragment';
import type { Shared } from '../share';
import { formOfScheme } from './custom';
import { begin } from './round';
import { canonical, choice, custom, messageId, mode, now, required, take, tolerance } from './state';

/** Why the link cannot be shown, and what to do. */
export const linkProblem = signal<string | undefined>(undefined);

/** To be called when something else takes the place of what the link holds. */
export function forgetLink(): void {
  begin();
  linkProblem.value = undefined;
  if (isShared(location.hash)) history.replaceState(null, '', location.pathname + location.search);
}

/** Shows what the fragment of the URL holds, if it is a link that was made here. The secret that is entered stays. */
export function useLink(): void {
  useEffect(() => {
    const read = () => {
      const current = begin();
      linkProblem.value = undefined;
      if (!isShared(location.hash)) return;
      const { hash } = location;
      loadShare().then(({ decode }) => decode(hash)).then(
        (shared) => current() && show(shared),
        (error: unknown) => current() && (linkProblem.value = error instanceof Error ? error.message : String(error)),
      );
    };
    read();
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
}

function show({ mode: shown, scheme: named, request: shared, options }: Shared): void {
  mode.value = shown;
  take(shared);
  if (typeof named === 'object') custom.value = formOfScheme(named);
  choice.value = named === undefined ? 'auto' : typeof named === 'object' ? 'custom' : named;
  const seconds = options.timestamp ?? (options.now === undefined ? undefined : Math.floor(options.now / 1000));
  now.value = seconds === undefined ? '' : String(seconds);
  required.value = options.standardWebhooks === 'required';
  tolerance.value = options.tolerance === undefined ? '' : options.tolerance === null ? 'any' : String(options.tolerance);
  canonical.value = options.body === 'canonical';
  messageId.value = options.id ?? '';
}
