// The words of a command line of Windows: first what `cmd.exe` does with carets and quotes, then how a program takes its
// words apart. Browsers copy requests in this form too. Nothing is evaluated.

import { ImportError, positionOf } from './error';
import type { Token } from './shell';

/** Whether a command is meant for `cmd.exe`: it has carets where only that knows them, or doubled quotes within quotes. */
export function isForCmd(source: string): boolean {
  return /(?:^|\s)\^"/.test(source) || /\s\^\r?\n/.test(source) || (/\w""|""\w/.test(source) && !/(?:^|\s)\$?'/.test(source));
}

/**
 * The words, and whether backslashes were halved: browsers double every one when they copy for Windows, though only those
 * before quotes need it.
 *
 * @throws {@link ImportError} for a quote that is not closed and for variables.
 */
export function cmdTokens(source: string): { readonly tokens: readonly Token[]; readonly halved: boolean } {
  const { text, places, rest } = withoutCarets(source);
  // Each run at once: to look for its end from each of its characters would take for ever.
  const runs = [...text.matchAll(/(\\+)("?)/g)].filter(([, , quote]) => quote === '').map(([run]) => run.length);
  const halved = runs.length > 0 && runs.every((length) => length % 2 === 0);
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    if (isBlank(text[at])) {
      at += 1;
      continue;
    }
    const { word, next } = argument(source, text, places, at, halved);
    tokens.push({ kind: 'word', text: word, at: places[at] ?? 0 });
    at = next;
  }
  if (rest !== undefined) tokens.push({ kind: 'operator', text: source[rest] ?? '', at: rest });
  return { tokens, halved };
}

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t';

interface Uncareted {
  /** What the program is started with, and where each of its bytes stood. */
  readonly text: string;
  readonly places: readonly number[];
  /** Where another command begins, if one does. */
  readonly rest: number | undefined;
}

function withoutCarets(source: string): Uncareted {
  const chars: string[] = [];
  const places: number[] = [];
  const take = (at: number, char = source[at] ?? '') => {
    chars.push(char);
    places.push(at);
  };
  let quoted = false;
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at] ?? '';
    if (char === '%') refuseVariable(source, at);
    if (char === '^' && !quoted) {
      // A line break is passed over, and what follows it is taken as it is, another line break too.
      const first = lineBreak(source, at + 1);
      const second = first === 0 ? 0 : lineBreak(source, at + 1 + first);
      at += first === 0 ? 1 : first + second;
      if (second > 0) take(at, '\n');
      if (first === 0 && at < source.length) take(at);
      continue;
    }
    if (char === '"') quoted = !quoted;
    if (!quoted && '|&<>\n'.includes(char)) return { text: chars.join(''), places, rest: at };
    if (quoted || char !== '\r') take(at);
  }
  return { text: chars.join(''), places, rest: undefined };
}

const lineBreak = (source: string, at: number): number => (source[at] === '\n' ? 1 : source.startsWith('\r\n', at) ? 2 : 0);

function refuseVariable(source: string, at: number): void {
  const [name] = /^%[A-Za-z_][\w()]*%/.exec(source.slice(at, at + 64)) ?? [];
  if (name !== undefined) {
    throw new ImportError(`Windows would put something in place of ${name}, and nothing is run here.`, positionOf(source, at), 'Put there what it stands for.');
  }
}

/** One word by the rules of Microsoft's C library: backslashes count only before quotes, and `""` within quotes is one. */
function argument(source: string, text: string, places: readonly number[], start: number, halved: boolean): { word: string; next: number } {
  const pieces: string[] = [];
  let quoted = false;
  let at = start;
  for (; at < text.length && (quoted || !isBlank(text[at])); at += 1) {
    const char = text[at] ?? '';
    if (char === '\\') {
      let count = 1;
      while (text[at + count] === '\\') count += 1;
      const quote = text[at + count] === '"';
      pieces.push('\\'.repeat(quote || halved ? count >> 1 : count));
      at += count - 1;
      if (quote && count % 2 === 1) {
        pieces.push('"');
        at += 1;
      }
    } else if (char === '"' && quoted && text[at + 1] === '"') {
      pieces.push('"');
      at += 1;
    } else if (char === '"') {
      quoted = !quoted;
    } else {
      pieces.push(char);
    }
  }
  if (quoted) {
    throw new ImportError('A quote " of this word is never closed.', positionOf(source, places[start] ?? 0), 'Copy the whole command.');
  }
  return { word: pieces.join(''), next: at };
}
