// What the stream does not tell is asked for, as long as somebody looks.

import { useEffect, useRef } from 'preact/hooks';

/** How often, in milliseconds. */
const AGAIN = 10_000;

/** Looks every so often, and whenever the page is seen again. What goes wrong may go right the next time. */
export function useLooking(look: (signal: AbortSignal) => Promise<void>): void {
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    const stop = new AbortController();
    let looking = false;
    const again = async () => {
      if (document.hidden || looking) return;
      looking = true;
      await latest.current(stop.signal).catch(() => undefined);
      looking = false;
    };
    const timer = setInterval(again, AGAIN);
    document.addEventListener('visibilitychange', again);
    return () => {
      stop.abort();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', again);
    };
  }, []);
}
