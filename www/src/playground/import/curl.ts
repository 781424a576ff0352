// A curl command as the request that it sends. It is read and never run: what curl would fetch from elsewhere, a file or
// another program, is said in a note. Texts have one code point for each byte until the request is made of them.

import type { Header } from '../request';
import { latin1Bytes, textOf, toBase64 } from '../text';
import { cmdTokens, isForCmd } from './cmd';
import { ImportError, positionOf } from './error';
import { HEADERS } from './limits';
import type { Found } from './found';
import { optionOf } from './options';
import type { Option } from './options';
import { shellTokens } from './shell';
import type { Token } from './shell';

/** Not a variable that is set before it, such as `A=/bin/curl`. */
const CURL = /^(?![A-Za-z_]\w*=)(?:.*[\\/])?curl(?:\.exe)?$/i;

/** @throws {@link ImportError} */
export function readCurl(source: string): Found {
  const notes: string[] = [];
  const words = commandOf(source, notes);
  const command = new Command(source, notes);
  command.readAll(words);
  return command.found();
}

/** The words behind `curl`, up to where its command ends. */
function commandOf(source: string, notes: string[]): readonly Token[] {
  const prompt = /^\s*[$%>#]\s+/.exec(source)?.[0].length ?? 0;
  const text = ' '.repeat(prompt) + source.slice(prompt);
  let tokens: readonly Token[];
  if (isForCmd(text)) {
    const read = cmdTokens(text);
    tokens = read.tokens;
    if (read.halved) notes.push('Every backslash is doubled, as browsers copy for Windows; two were read as one.');
  } else {
    tokens = shellTokens(text);
  }
  const start = tokens.findIndex(({ kind, text }) => kind === 'word' && CURL.test(text));
  if (start === -1) throw new ImportError('No command here is curl.', undefined, 'Paste a command that begins with curl.');
  if (tokens.slice(0, start).some(({ kind, text }) => kind === 'operator' && text !== '\n')) {
    notes.push('What other commands hand to curl is not known, since nothing is run here: paste the body by itself.');
  }
  const behind = tokens.slice(start + 1);
  const end = behind.findIndex(({ kind }) => kind === 'operator');
  const rest = end === -1 ? [] : behind.slice(end).filter(({ text }) => text !== '\n');
  if (rest[0] !== undefined) {
    const { line, column } = positionOf(source, rest[0].at);
    notes.push(`What follows the command (line ${line}, column ${column}) was left out.`);
  }
  return end === -1 ? behind : behind.slice(0, end);
}

class Command {
  private readonly headers: Header[] = [];
  private readonly removed = new Set<string>();
  private readonly urls: string[] = [];
  private data: string | undefined;
  private json = false;
  private get = false;
  private method: string | undefined;

  constructor(
    private readonly source: string,
    private readonly notes: string[],
  ) {}

  readAll(words: readonly Token[]): void {
    let options = true;
    for (let index = 0; index < words.length; index += 1) {
      const word = words[index];
      if (word === undefined) return;
      if (!options || !/^-./s.test(word.text)) {
        this.urls.push(word.text);
      } else if (word.text === '--') {
        options = false;
      } else if (word.text === '--next' || word.text === '-:') {
        this.notes.push('Only the request before --next was read.');
        return;
      } else {
        index += this.readOption(word, words[index + 1]);
      }
    }
  }

  /** How many words more it took. */
  private readOption(word: Token, next: Token | undefined): number {
    if (word.text.startsWith('--')) {
      const option = optionOf(word.text.slice(2));
      return this.use(option, word.text, option?.takes === true ? this.valueOf(word, next) : '', 1);
    }
    for (let at = 1; at < word.text.length; at += 1) {
      const letter = word.text[at] ?? '';
      const option = optionOf(letter);
      if (option?.takes === true) {
        const rest = word.text.slice(at + 1);
        return this.use(option, `-${letter}`, rest === '' ? this.valueOf(word, next) : rest, rest === '' ? 1 : 0);
      }
      this.use(option, `-${letter}`, '', 0);
    }
    return 0;
  }

  private valueOf(word: Token, next: Token | undefined): string {
    if (next === undefined) {
      throw new ImportError(`${word.text} needs a value.`, positionOf(this.source, word.at), 'Copy the whole command.');
    }
    return next.text;
  }

  private use(option: Option | undefined, name: string, value: string, words: number): number {
    if (option === undefined) {
      this.notes.push(`${readable(name)} is not known here and was passed over.`);
      return 0;
    }
    const { act } = option;
    if (typeof act === 'object') {
      this.notes.push(`${readable(name)}: ${act.note}`);
    } else if (act !== 'nothing') {
      this.act(act, name, value);
    }
    return option.takes ? words : 0;
  }

  private act(act: Exclude<Option['act'], object | 'nothing'>, name: string, value: string): void {
    switch (act) {
      case 'url':
        return void this.urls.push(value);
      case 'method':
        return void (this.method = value);
      case 'head':
        return void (this.method ??= 'HEAD');
      case 'get':
        return void (this.get = true);
      case 'header':
        return this.header(value);
      case 'user':
        return this.add('authorization', `Basic ${toBase64(bytesOf(value))}`);
      case 'bearer':
        return this.add('authorization', `Bearer ${value}`);
      case 'agent':
        return this.add('user-agent', value);
      case 'referer':
        return this.add('referer', value.replace(/;auto$/, ''));
      case 'range':
        return this.add('range', `bytes=${value}`);
      case 'cookie':
        return value.includes('=') ? this.add('cookie', value) : void this.notes.push(`${readable(name)}: the cookies are in a file, which cannot be read here.`);
      default:
        return this.body(act, name, value);
    }
  }

  private header(value: string): void {
    if (value.startsWith('@')) {
      return void this.notes.push(`The headers in the file ${readable(value.slice(1))} cannot be read here: paste them.`);
    }
    const [, name = '', colon, text = ''] = /^([^:;]*)([:;]?)([^]*)$/.exec(value) ?? [];
    if (colon === ':' && text.trim() === '') {
      return void this.removed.add(name.trim().toLowerCase());
    }
    if (colon === '' || (colon === ';' && text.trim() !== '')) {
      return void this.notes.push(`The header ${readable(value)} has no value, so curl does not send it.`);
    }
    this.add(name.trim(), text.trim());
  }

  private add(name: string, value: string): void {
    if (this.headers.length >= HEADERS) throw new ImportError(`There are more than ${HEADERS} headers.`, undefined, 'Leave out those that are not signed.');
    this.headers.push([name, value]);
  }

  private body(act: 'data' | 'raw' | 'urlencode' | 'json', name: string, value: string): void {
    const piece = act === 'urlencode' ? this.urlencoded(value) : act !== 'raw' && value.startsWith('@') ? this.missing(name, value.slice(1)) : value;
    if (act === 'json') this.json = true;
    this.data = this.data === undefined ? piece : this.data + (act === 'json' ? '' : '&') + piece;
  }

  private missing(name: string, file: string): string {
    const where = file === '-' ? 'comes from another command' : `is in the file ${readable(file)}`;
    this.notes.push(`${name}: the body ${where}, which cannot be read here. Paste the body by itself.`);
    return '';
  }

  private urlencoded(value: string): string {
    const [, name = '', sign, content = ''] = /^([^=]*)(=)([^]*)$/.exec(value) ?? /^([^@]*)(@)([^]*)$/.exec(value) ?? [];
    if (sign === '@') return this.missing('--data-urlencode', content);
    const [before, text] = sign === undefined ? ['', value] : [name === '' ? '' : `${name}=`, content];
    return before + [...text].map((char) => (/[\w.~-]/.test(char) ? char : char === ' ' ? '+' : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)).join('');
  }

  found(): Found {
    const [given, ...others] = this.urls;
    if (others.length > 0) this.notes.push(`The command asks ${this.urls.length} URLs; only the first was read.`);
    if (given === undefined) this.notes.push('The command names no URL.');
    const url = given === undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? (given ?? '') : `http://${given}`;
    const sends = this.data !== undefined && !this.get;
    if (sends) this.fallbacks();
    return {
      request: {
        method: this.method ?? (sends ? 'POST' : 'GET'),
        url: readable(this.get && this.data !== undefined ? asked(url, this.data) : url),
        headers: this.headers,
        body: bytesOf(sends ? (this.data ?? '') : ''),
      },
      notes: this.notes,
    };
  }

  /** The headers that curl sends with data unless it is told otherwise. */
  private fallbacks(): void {
    const fallback = (name: string, value: string) => {
      if (!this.removed.has(name) && !this.headers.some(([other]) => other.toLowerCase() === name)) this.headers.push([name, value]);
    };
    fallback('content-type', this.json ? 'application/json' : 'application/x-www-form-urlencoded');
    if (this.json) fallback('accept', 'application/json');
  }
}

function asked(url: string, query: string): string {
  const [, before = url, fragment = ''] = /^([^#]*)(#[^]*)?$/.exec(url) ?? [];
  return `${before}${before.includes('?') ? '&' : '?'}${query}${fragment}`;
}

/** Words have one code point for each byte, so there always are bytes. */
const bytesOf = (word: string) => latin1Bytes(word) ?? new Uint8Array();

/** For people: the text whose UTF-8 a word is, if it is not too long. */
function readable(word: string): string {
  return textOf(bytesOf(word)) ?? word;
}
