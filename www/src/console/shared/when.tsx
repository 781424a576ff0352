// Points in time, as people of this browser's language and place write them.

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A time of the server's; its exact text is a hover away. What is no time is shown as it is. */
export function When({ at, seconds }: { readonly at: string; readonly seconds?: boolean }) {
  return <time dateTime={at} title={at}>{written(at, seconds === true)}</time>;
}

export function written(at: string, seconds = false): string {
  const time = Date.parse(at);
  return Number.isNaN(time) ? at : (seconds ? FULL : SHORT).format(time);
}
