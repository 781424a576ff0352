// How long it is until the next attempt, second by second. It is not read out by itself: that would never end.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Time } from '../shared/time';
import { span } from '../shared/times';

export function Countdown({ at }: { readonly at: string }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const left = Date.parse(at) - now.value;
  return (
    <p class="countdown" role="timer">
      Next attempt {left > 0 ? <>in <strong>{span(left)}</strong></> : <strong>is due now</strong>} <span class="faint">(<Time at={at} />)</span>
    </p>
  );
}
