// Where things stand in a chart: pure, so that what is drawn can be held against what was counted. Steps without attempts
// are gaps in every line, not zeros.

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The values of a scale from zero that are easy to read, the last of them at or above `highest`. */
export function ticks(highest: number, about = 4): readonly number[] {
  if (!(highest > 0) || !Number.isFinite(highest)) return [0, 1];
  const rough = highest / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const count = Math.ceil(highest / step - 1e-9);
  // Multiplied instead of added up, so that no error grows.
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** The middle of a step, where its value stands. */
export function middle(index: number, count: number, { left, width }: Box): number {
  return left + (width * (index + 0.5)) / Math.max(1, count);
}

/** The step that a place belongs to. */
export function stepAt(x: number, count: number, { left, width }: Box): number {
  return Math.max(0, Math.min(count - 1, Math.floor(((x - left) / width) * count)));
}

export function height(value: number, highest: number, { top, height: full }: Box): number {
  return top + full * (1 - Math.max(0, Math.min(1, value / highest)));
}

/** The parts of a line, each without a gap. */
export function pieces(values: readonly (number | null)[], highest: number, box: Box): readonly (readonly Point[])[] {
  const all: Point[][] = [];
  let piece: Point[] | undefined;
  values.forEach((value, index) => {
    if (value === null) {
      piece = undefined;
      return;
    }
    if (piece === undefined) all.push((piece = []));
    piece.push({ x: round(middle(index, values.length, box)), y: round(height(value, highest, box)) });
  });
  return all;
}

/** A line as the path of an SVG. */
export function path(all: readonly (readonly Point[])[]): string {
  return all.filter(({ length }) => length > 1).map((piece) => piece.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('')).join('');
}

/** The steps alone between gaps: no line leads to them, so they are points. */
export function alone(all: readonly (readonly Point[])[]): readonly Point[] {
  return all.flatMap((piece) => (piece.length === 1 ? piece : []));
}

/** Which steps are named below a chart, so many at most, evenly. */
export function labelled(count: number, most: number): readonly number[] {
  const every = Math.max(1, Math.ceil(count / Math.max(1, most)));
  return Array.from({ length: Math.ceil(count / every) }, (_, index) => index * every);
}

const round = (value: number) => Math.round(value * 100) / 100;
