// The rows of a long list that are in sight: only they are in the document. A scroll renders at most once a frame.

import { useSignal } from '@preact/signals';
import { Virtualizer, defaultRangeExtractor, elementScroll, observeElementOffset, observeElementRect } from '@tanstack/virtual-core';
import type { VirtualItem } from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

interface Wanted {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly count: number;
  /** Of every row, in pixels. */
  readonly height: number;
  /** A row that is kept although it is out of sight, because the keyboard is there. */
  readonly kept: number | undefined;
}

interface Virtual {
  readonly items: readonly VirtualItem[];
  /** The height of all rows. */
  readonly total: number;
  /** Whether the first row is in sight. */
  readonly atTop: boolean;
  readonly scrollTo: (index: number) => void;
}

/** Rows above and below what is in sight. */
const OVERSCAN = 8;

export function useVirtual({ scroller, count, height, kept }: Wanted): Virtual {
  const version = useSignal(0);
  const frame = useRef<number>(undefined);
  const held = useRef<Virtualizer<HTMLElement, HTMLElement>>(undefined);
  const measured = useRef(height);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: OVERSCAN,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const indices = defaultRangeExtractor(range);
      return kept === undefined || kept >= count || indices.includes(kept) ? indices : [...indices, kept].sort((a, b) => a - b);
    },
    onChange: () => {
      frame.current ??= requestAnimationFrame(() => {
        frame.current = undefined;
        version.value += 1;
      });
    },
  };
  const virtualizer = (held.current ??= new Virtualizer<HTMLElement, HTMLElement>(options));
  virtualizer.setOptions(options);
  if (measured.current !== height) {
    measured.current = height;
    virtualizer.measure();
  }
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  useEffect(() => () => (frame.current === undefined ? undefined : cancelAnimationFrame(frame.current)), []);
  void version.value;
  return {
    items: virtualizer.getVirtualItems(),
    total: count * height,
    atTop: (virtualizer.scrollOffset ?? 0) < height,
    scrollTo: (index) => virtualizer.scrollToIndex(index, { align: 'auto' }),
  };
}
