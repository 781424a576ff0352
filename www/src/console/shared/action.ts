// Something that is done when somebody says so: whether it is under way, and what went wrong.

import { useSignal } from '@preact/signals';

export interface Action<Args extends readonly unknown[]> {
  readonly busy: boolean;
  /** What went wrong the last time. */
  readonly error: unknown;
  /** Does it, unless it is under way. */
  readonly run: (...args: Args) => Promise<void>;
}

export function useAction<Args extends readonly unknown[]>(act: (...args: Args) => Promise<unknown>): Action<Args> {
  const busy = useSignal(false);
  const error = useSignal<unknown>(undefined);
  const run = async (...args: Args) => {
    if (busy.peek()) return;
    busy.value = true;
    error.value = undefined;
    try {
      await act(...args);
    } catch (caught) {
      error.value = caught;
    } finally {
      busy.value = false;
    }
  };
  return { busy: busy.value, error: error.value, run };
}
