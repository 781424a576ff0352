// Views that are loaded when they are first looked at, so that a page is there without waiting for all of them.

import { signal } from '@preact/signals';
import type { FunctionComponent } from 'preact';
import { useEffect } from 'preact/hooks';

import { Button } from './button';
import { Notice, Spinner } from './notice';

type Loading = { readonly View?: FunctionComponent; readonly failed?: true };

/** A view whose program comes later. What failed to load is asked for again when somebody wants that, or comes back. */
export function later(load: () => Promise<FunctionComponent>): FunctionComponent {
  const state = signal<Loading>({});
  const begin = () => {
    if (state.peek().View !== undefined) return;
    state.value = {};
    load().then(
      (View) => (state.value = { View }),
      () => (state.value = { failed: true }),
    );
  };
  return function Later() {
    useEffect(begin, []);
    const { View, failed } = state.value;
    if (View !== undefined) return <View />;
    if (failed !== true) return <Spinner label="Loading…" />;
    return (
      <Notice tone="bad" live="alert" title="This view could not be loaded.">
        <span class="small">The server does not answer, or has a newer version of this page by now. Try again; if that does not help, reload the page.</span>
        <div class="row"><Button onClick={begin}>Try again</Button></div>
      </Notice>
    );
  };
}
