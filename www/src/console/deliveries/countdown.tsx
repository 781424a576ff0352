// How long it is until the next attempt, second by second. It is not read out by itself: that would never end.

import { useTimeLeft } from '../shared/countdown';
import { Time } from '../shared/time';
import { span } from '../shared/times';

export function Countdown({ at }: { readonly at: string }) {
  const left = useTimeLeft(Date.parse(at));
  return (
    <p class="countdown" role="timer">
      Next attempt {left > 0 ? <>in <strong>{span(left)}</strong></> : <strong>is due, and waits for its turn</strong>} <span class="faint">(<Time at={at} />)</span>
    </p>
  );
}
