// The words of a command line as a POSIX shell splits it, `$'…'` included. Nothing is ever evaluated: what a shell would
// put in place of something is an error. Texts have one code point for each byte.

import { latin1, utf8 } from '../text';
import { ImportError, positionOf } from './error';

/** A word, or what stands between commands: `|`, `;`, `&&`, `<`, the end of a line. */
export interface Token {
  readonly kind: 'word' | 'operator';
  readonly text: string;
  /** Where it begins, in bytes. */
  readonly at: number;
}

const MOST = 10_000;
const OPERATORS = /(?:\|\||&&|;;|\d*>>|\d*>&\d*|&>|\d*>|<<<|<<-?|<|[|&;()\n])/y;
const PLAIN = /[^\s'"\\$`|&;<>()#]+/y;

/** @throws {@link ImportError} for a quote that is not closed and for what would have to be evaluated. */
export function shellTokens(source: string): readonly Token[] {
  const reader = new Reader(source);
  const tokens: Token[] = [];
  for (let token = reader.next(); token !== undefined; token = reader.next()) {
    if (tokens.push(token) > MOST) {
      throw new ImportError(`This command has more than ${MOST} words.`, positionOf(source, token.at), 'Paste the body by itself.');
    }
  }
  return tokens;
}

class Reader {
  private at = 0;

  constructor(private readonly source: string) {}

  next(): Token | undefined {
    while (this.passOver(/[ \t\r]+/y) ?? this.passOver(/\\\r?\n/y)) continue;
    if (this.source[this.at] === '#') this.passOver(/[^\n]*/y);
    const start = this.at;
    if (start >= this.source.length) return undefined;
    const operator = this.passOver(OPERATORS);
    return operator === undefined
      ? { kind: 'word', text: this.word(), at: start }
      : { kind: 'operator', text: operator, at: start };
  }

  private word(): string {
    const pieces: string[] = [];
    for (;;) {
      const char = this.source[this.at];
      if (char === undefined || /[\s|&;<>()]/.test(char)) return pieces.join('');
      pieces.push(this.piece(char));
    }
  }

  private piece(char: string): string {
    switch (char) {
      case "'":
        return this.single();
      case '"':
        return this.double();
      case '\\':
        return this.escaped();
      case '`':
        return this.evaluated();
      case '$':
        return this.dollar();
      case '#':
        this.at += 1;
        return char;
      default:
        return this.passOver(PLAIN) ?? this.one();
    }
  }

  private single(): string {
    const end = this.source.indexOf("'", this.at + 1);
    if (end === -1) throw this.open("'");
    const text = this.source.slice(this.at + 1, end);
    this.at = end + 1;
    return text;
  }

  private double(): string {
    const start = this.at;
    const pieces: string[] = [];
    this.at += 1;
    for (;;) {
      const plain = this.passOver(/[^"\\$`]+/y);
      if (plain !== undefined) pieces.push(plain);
      const char = this.source[this.at];
      if (char === undefined) {
        this.at = start;
        throw this.open('"');
      }
      if (char === '"') {
        this.at += 1;
        return pieces.join('');
      }
      pieces.push(char === '\\' ? this.escapedInDouble() : char === '$' ? this.dollar(true) : this.evaluated());
    }
  }

  private escapedInDouble(): string {
    const next = this.source[this.at + 1] ?? '';
    this.at += 2;
    if (next === '\n') return '';
    return '"\\$`'.includes(next) ? next : `\\${next}`;
  }

  private escaped(): string {
    if (this.passOver(/\\\r?\n/y) !== undefined) return '';
    const next = this.source[this.at + 1] ?? '\\';
    this.at += 2;
    return next;
  }

  private dollar(quoted = false): string {
    const next = this.source[this.at + 1] ?? '';
    if (!quoted && next === "'") return this.ansi();
    if (!quoted && next === '"') {
      this.at += 1;
      return this.double();
    }
    return /[A-Za-z0-9_({@*#?$!-]/.test(next) ? this.evaluated() : this.one();
  }

  /** `$'…'`, as bash, zsh and the browsers that copy requests know it. */
  private ansi(): string {
    let end = this.at + 2;
    while (end < this.source.length && this.source[end] !== "'") end += this.source[end] === '\\' ? 2 : 1;
    if (end >= this.source.length) throw this.open("$'");
    const whole = this.source.slice(this.at, end + 1);
    this.at = end + 1;
    const text = whole.slice(2, -1).replace(ANSI, ansiEscape);
    // A shell's texts end at a NUL.
    return text.split('\0', 1)[0] ?? '';
  }

  private one(): string {
    this.at += 1;
    return this.source[this.at - 1] ?? '';
  }

  private passOver(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const [found] = pattern.exec(this.source) ?? [];
    this.at += found?.length ?? 0;
    return found;
  }

  private open(quote: string): ImportError {
    return new ImportError(`The quote ${quote} that opens here is never closed.`, positionOf(this.source, this.at), 'Copy the whole command.');
  }

  private evaluated(): never {
    const [found = ''] = /^(?:\$\w+|\$\{[^}]{0,32}\}?|\$\(|`|\$.)/.exec(this.source.slice(this.at, this.at + 40)) ?? [];
    throw new ImportError(
      `A shell would put something in place of ${found}, and nothing is run here.`,
      positionOf(this.source, this.at),
      'Put there what it stands for; quote it with \' if it stands for itself.',
    );
  }
}

const ANSI = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c([^])|([^]))/g;
const ANSI_LETTERS: Readonly<Record<string, string>> = {
  a: '\x07', b: '\b', e: '\x1b', E: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"', '?': '?',
};

function ansiEscape(whole: string, ...[octal, hex, short, long, control, letter]: (string | undefined)[]): string {
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
  const point = short ?? long;
  if (point !== undefined) {
    const code = Number.parseInt(point, 16);
    return code > 0x10ffff ? whole : latin1(utf8(String.fromCodePoint(code)));
  }
  if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) & 0x1f);
  return (letter !== undefined ? ANSI_LETTERS[letter] : undefined) ?? whole;
}
