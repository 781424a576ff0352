// Whether a component is still there. What comes late must not act on a place that somebody has gone to meanwhile.

import { useLayoutEffect, useRef } from 'preact/hooks';

export function useThere(): { readonly current: boolean } {
  const there = useRef(true);
  // Other effects are taken back only after the page has been painted.
  useLayoutEffect(() => {
    there.current = true;
    return () => {
      there.current = false;
    };
  }, []);
  return there;
}
