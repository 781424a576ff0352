// Tables, in Markdown that is as readable as it is.

import { OURS, PARSING, isText } from './contenders.mjs';

/** Microseconds with three figures. */
export function microseconds(nanoseconds) {
  const value = nanoseconds / 1000;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A table; the first row is its head. All but the first column are numbers. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length), 3));
  const line = (row) =>
    `| ${row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(rows[0]), line(rule), ...rows.slice(1).map(line)].join('\n');
}

/** A table for each group: medians, quartiles and how many times as long as ours that is, at every size. */
export function groups(cases) {
  return [...new Set(cases.map((one) => one.group))].map((group) => {
    const columns = cases.filter((one) => one.group === group);
    const names = columns[0].contenders.map(({ name }) => name);
    const rows = names.map((name, at) => [name, ...columns.map(({ contenders }) => cell(contenders[at], contenders))]);
    return table([[group, ...columns.map(({ size }) => size)], ...rows]);
  });
}

function cell({ name, median, quartiles }, contenders) {
  const [low, high] = quartiles.map(microseconds);
  const text = `${microseconds(median)} (${low}–${high})`;
  if (name.startsWith(OURS)) {
    return text;
  }
  const parsing = name.endsWith('parses') && contenders.find((one) => one.name === PARSING);
  const alike = contenders.find((one) => one.name.startsWith(OURS) && isText(one.name) === isText(name));
  return `${text} ${(median / (parsing || alike || contenders[0]).median).toFixed(1)} ×`;
}

/** Every goal at every size of it. */
export function goals(judged) {
  const rows = judged.map(({ group, size, ours, theirs, least, most, byMedian, byBest, met }) => [
    group,
    ours,
    theirs,
    size,
    most === undefined ? `≥ ${least} × as fast` : `≤ ${most} × as long`,
    byMedian.toFixed(2),
    byBest.toFixed(2),
    met,
  ]);
  return table([['group', 'who', 'beside', 'size', 'goal', 'medians', 'best', 'met'], ...rows]);
}
