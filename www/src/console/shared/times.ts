// Times and durations for people: in the reader's own time zone, of the same width everywhere, and exact.

/** `2026-01-31 09:30:00`, in the time zone of whoever reads it. */
export function local(at: number | string, millis = false): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return String(at);
  const date = `${String(time.getFullYear()).padStart(4, '0')}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${date} ${clock}${millis ? `.${String(time.getMilliseconds()).padStart(3, '0')}` : ''}`;
}

/** The value of a field of the type `datetime-local`, of a time as it stands in a URL; nothing of what is no time. */
export function toField(at: string | undefined): string {
  if (at === undefined || Number.isNaN(Date.parse(at))) return '';
  const text = local(at).replace(' ', 'T');
  return text.endsWith(':00') ? text.slice(0, -3) : text;
}

/** The time of such a field as the API takes it; `undefined` of an empty one. */
export function ofField(value: string): string | undefined {
  const at = value === '' ? Number.NaN : new Date(value).getTime();
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** `12 ms`, `1.25 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(2)} s`;
}

/** `45 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`: how long it is until then or since. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0 s';
  return parts.slice(first, first + 2).filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(' ');
}

const two = (number: number) => String(number).padStart(2, '0');
