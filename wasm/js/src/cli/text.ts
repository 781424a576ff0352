// What people read.

import type { Explanation } from '../index.js';

/**
 * What a stranger sent must not control the terminal, nor change the order of what is read: whatever is not seen stands
 * as an escape, which means the same inside JSON.
 */
export const printable = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (hidden) =>
    Array.from({ length: hidden.length }, (_, at) => `\\u${hidden.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );

/** What to mend, and what is worth a look, each on lines of its own. */
export function advice({ mistakes, hints, exhausted }: Explanation): string {
  let text = '';
  for (const { message, code, fix } of mistakes) {
    text += `  ${printable(message)} (${code})\n    ${fix}\n`;
  }
  for (const { message, code } of hints) {
    text += `  perhaps: ${printable(message)} (${code})\n`;
  }
  if (mistakes.length === 0) {
    text += '  none of the known mistakes makes it match: most likely the secret is another one, or the request is forged\n';
  }
  if (exhausted) {
    text += '  not everything was tried: the body or a header is too large for that\n';
  }
  return text;
}

/** How much of a body is shown, in characters, and then in lines. */
const SHOWN = { characters: 2_000, lines: 100 };

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A body on indented lines, so that nothing in it passes for a line of ours. JSON is laid out, its texts as they came. */
export function shownBody(body: Uint8Array): string {
  const text = decoder.decode(body);
  const start = text.slice(0, SHOWN.characters);
  const lines = (isJson(text) ? laidOut(start) : start).split(/\r?\n/);
  const cut = text.length > start.length || lines.length > SHOWN.lines ? ['…'] : [];
  const shown = text === '' ? [] : [...lines.slice(0, SHOWN.lines), ...cut];
  return shown.map((line) => `  ${printable(line)}\n`).join('');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The beginning of JSON with line breaks and indentation. `JSON.stringify` would round long numbers. */
function laidOut(json: string): string {
  let out = '';
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"?|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s"{}[\],:]+/g)) {
    if (token === '}' || token === ']') {
      depth -= 1;
      out += line() + token;
    } else if (token === '{' || token === '[') {
      depth += 1;
      out += token + line();
    } else if (/^[{[]/.test(token)) {
      out += token.replace(/\s/g, '');
    } else {
      out += token === ',' ? token + line() : token === ':' ? ': ' : token;
    }
  }
  return out;
}
