// Time that goes by until something happens, or may be done again.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { serverNow } from '../api/clock';

/** Milliseconds until then, as they go by; 0 once it is past, or of nothing. It ticks only as long as some are left. */
export function useTimeLeft(until: number | undefined): number {
  const ticks = useSignal(0);
  useEffect(() => {
    if (!isAhead(until)) return undefined;
    const timer = setInterval(() => {
      ticks.value += 1;
      if (!isAhead(until)) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [until]);
  void ticks.value;
  return isAhead(until) ? until - serverNow() : 0;
}

const isAhead = (until: number | undefined): until is number => until !== undefined && until > serverNow();
