// A chart of some lines over the same steps: drawn for the eye, while a table says the same to whoever reads it. The
// pointer chooses a step.

import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { alone, height, labelled, middle, path, pieces, stepAt } from './scale';

export interface Series {
  readonly name: string;
  /** A class of the style sheet, which knows its colour and its dashes. */
  readonly look: string;
  readonly values: readonly (number | null)[];
}

interface Props {
  readonly title: string;
  readonly series: readonly Series[];
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
  /** What stands below a step. */
  readonly label: (index: number) => string;
  readonly chosen: number;
  readonly onChoose: (index: number) => void;
}

const HEIGHT = 190;
const MARGIN = { left: 52, right: 12, top: 12, bottom: 26 };
/** Room for one label below. */
const LABEL = 96;

export function Chart({ title, series, ticks, format, label, chosen, onChoose }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const width = useSignal(640);
  useLayoutEffect(() => {
    const { current } = holder;
    if (current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => (width.value = Math.max(240, Math.floor(entry?.contentRect.width ?? 640))));
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const box = { left: MARGIN.left, top: MARGIN.top, width: width.value - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const count = series[0]?.values.length ?? 0;
  const highest = ticks.at(-1) ?? 1;
  const at = middle(chosen, count, box);
  const pointed = (event: PointerEvent & { readonly currentTarget: Element }) => onChoose(stepAt(event.clientX - event.currentTarget.getBoundingClientRect().left, count, box));
  return (
    <figure class="chart">
      <figcaption class="row between">
        <strong>{title}</strong>
        {series.length > 1 && (
          <span class="row">
            {series.map(({ name, look }) => (
              <span key={name} class="row small key"><svg width="24" height="8" aria-hidden="true"><path class={`line ${look}`} d="M1 4H23" /></svg>{name}</span>
            ))}
          </span>
        )}
      </figcaption>
      <div ref={holder}>
        <svg width={width.value} height={HEIGHT} role="img" aria-label={`${title}, as a chart; the table of figures says the same`} onPointerMove={pointed} onPointerDown={pointed}>
          {ticks.map((tick) => {
            const y = height(tick, highest, box);
            return (
              <g key={tick}>
                <line class="rule" x1={box.left} x2={box.left + box.width} y1={y} y2={y} />
                <text class="tick" x={box.left - 8} y={y + 4} text-anchor="end">{format(tick)}</text>
              </g>
            );
          })}
          {labelled(count, Math.floor(box.width / LABEL)).map((index) => (
            <text key={index} class="tick" x={middle(index, count, box)} y={HEIGHT - 6} text-anchor={index === 0 ? 'start' : 'middle'}>{label(index)}</text>
          ))}
          {count > 0 && <line class="chosen" x1={at} x2={at} y1={box.top} y2={box.top + box.height} />}
          {series.map(({ name, look, values }) => {
            const all = pieces(values, highest, box);
            return (
              <g key={name}>
                <path class={`line ${look}`} d={path(all)} />
                {alone(all).map(({ x, y }) => <circle key={x} class={`dot ${look}`} cx={x} cy={y} r={3} />)}
              </g>
            );
          })}
          {series.map(({ name, look, values }) => {
            const value = values[chosen];
            return typeof value === 'number' && <circle key={name} class={`dot ${look}`} cx={at} cy={height(value, highest, box)} r={4} />;
          })}
        </svg>
      </div>
    </figure>
  );
}
