// Seconds that go by until something may be done again.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Refusal } from '../api/errors';

export interface Countdown {
  /** Whole seconds that are left; 0 when nothing is waited for. */
  readonly left: number;
  readonly start: (seconds: number) => void;
}

export function useCountdown(): Countdown {
  const until = useSignal(0);
  const left = useSignal(0);
  useEffect(() => {
    if (until.value === 0) return undefined;
    const tick = () => {
      left.value = Math.max(0, Math.ceil((until.value - Date.now()) / 1000));
      if (left.value === 0) until.value = 0;
    };
    tick();
    const timer = setInterval(tick, 250);
    return () => clearInterval(timer);
  }, [until.value]);
  return { left: left.value, start: (seconds) => (until.value = Date.now() + seconds * 1000) };
}

/** In how many seconds it may be done again, if that is all that was wrong. */
export function secondsToWait(error: unknown): number | undefined {
  return error instanceof Refusal && error.status === 429 ? Math.max(1, error.retryAfter ?? 5) : undefined;
}
