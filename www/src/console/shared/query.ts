// What stands in the fragment of a URL, as what it has to be: what is something else was never chosen.

/** The longest text that the server looks for. */
const LONGEST = 512;

export function textIn(query: URLSearchParams, name: string): string | undefined {
  return query.get(name)?.trim().slice(0, LONGEST) || undefined;
}

/** One of these words. */
export function wordIn<Word extends string>(query: URLSearchParams, name: string, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === query.get(name));
}

/** An id, which is a UUID. */
export function idIn(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name) ?? '';
  return /^[0-9a-f-]{36}$/i.test(text) ? text.toLowerCase() : undefined;
}

/** A point in time, as the API takes it. */
export function timeIn(query: URLSearchParams, name: string): string | undefined {
  const at = Date.parse(query.get(name) ?? '');
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
