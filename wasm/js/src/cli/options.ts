// What the commands have in common: their options, and what is read by them.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { schemes } from '../index.js';
import type { PresetName } from '../index.js';

/** The arguments or the input are wrong: exit 2. */
export class Usage extends Error {}

/** It did not work: exit 1. */
export class Failed extends Error {}

/** A command of the command line. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` shows. */
  readonly help: string;
  /** The names of its options, and whether each takes a value. `--help` goes without saying. */
  readonly options: Readonly<Record<string, 'value' | 'flag'>>;
  /** Runs it, and returns the exit code. */
  readonly run: (given: Given) => Promise<number>;
}

/** The longest body in bytes, unless said; longer than any webhook. */
export const MAX_BODY = 16 * 1024 * 1024;

/** The options of every command, for its help. */
export const SIGNING_HELP = `\
      --scheme <NAME>         The signature scheme: ${Object.keys(schemes).slice(0, 5).join(', ')},
                              ${Object.keys(schemes).slice(5).join(', ')}
      --secret <SECRET>       A shared secret, the newest first if there are several; others on this machine may see it
                              in the list of processes, so better use --secret-file or the variable SIGPOST_SECRET
      --secret-file <FILE>    A file that holds a shared secret; one newline at its end is not part of it
`;

export const SIGNING = { scheme: 'value', secret: 'value', 'secret-file': 'value' } as const;

/** The options given, each with its values. */
export class Given {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  all(name: string): readonly string[] {
    return (this.#values[name] as readonly string[] | undefined) ?? [];
  }

  one(name: string): string | undefined {
    const [value, ...more] = this.all(name);
    if (more.length > 0) {
      throw new Usage(`give --${name} once`);
    }
    return value;
  }

  /** A whole number from 0 to `most`. */
  number(name: string, most: number): number | undefined {
    const text = this.one(name);
    if (text !== undefined && !(/^\d{1,15}$/.test(text) && Number(text) <= most)) {
      throw new Usage(`--${name} is a whole number up to ${most}, not '${text}'`);
    }
    return text === undefined ? undefined : Number(text);
  }

  /** The schemes named, at least one. */
  schemes(): readonly PresetName[] {
    const known = Object.keys(schemes).join(', ');
    const named = this.all('scheme');
    if (named.length === 0) {
      throw new Usage(`name a scheme with --scheme; there are: ${known}`);
    }
    const unknown = named.find((name) => !Object.hasOwn(schemes, name));
    if (unknown !== undefined) {
      throw new Usage(`there is no scheme '${unknown}'; there are: ${known}`);
    }
    return named as readonly PresetName[];
  }

  /** The one scheme named. */
  scheme(): PresetName {
    const [scheme, ...more] = this.schemes();
    if (scheme === undefined || more.length > 0) {
      throw new Usage('name one scheme');
    }
    return scheme;
  }

  /** The secrets, newest first, at least one. */
  secrets(): readonly (string | Buffer)[] {
    const given = [...this.all('secret'), ...this.all('secret-file').map(secretIn)];
    const { SIGPOST_SECRET: set } = process.env;
    if (given.length === 0 && set === undefined) {
      throw new Usage('give a secret with --secret-file, --secret or the variable SIGPOST_SECRET');
    }
    return given.length > 0 ? given : [set ?? ''];
  }

  /** The headers of a request, as pairs. */
  headers(): readonly (readonly [string, string])[] {
    return this.all('header').map((text) => {
      const colon = text.indexOf(':');
      const name = trimmed(text.slice(0, Math.max(colon, 0)));
      if (name === '') {
        throw new Usage(`a header is given as -H 'name: value', not '${text}'`);
      }
      return [name, trimmed(text.slice(colon + 1))];
    });
  }

  /** The time to judge ages by. */
  clock(): () => number {
    const seconds = this.number('now', 1e12);
    return seconds === undefined ? Date.now : () => seconds * 1000;
  }
}

/** Reads the options of a command. */
export function parse(name: string, command: Command, args: readonly string[]): Given {
  const options = Object.entries(command.options).map(([option, kind]) => [
    option,
    {
      type: kind === 'value' ? 'string' : 'boolean',
      multiple: true,
      ...(option === 'header' && { short: 'H' }),
    } as const,
  ]);
  const help = { type: 'boolean', short: 'h' } as const;
  try {
    return new Given(parseArgs({ args: [...args], options: { ...Object.fromEntries(options), help } }).values);
  } catch (error) {
    if (!(error instanceof TypeError) || !('code' in error) || !String(error.code).startsWith('ERR_PARSE_ARGS_')) {
      throw error;
    }
    // What comes after the first sentence is about positional arguments, of which no command has any.
    const [unknown] = /^Unknown option '[^']*'/.exec(error.message) ?? [];
    const there = Object.keys(command.options).map((option) => `--${option}`);
    const said = unknown === undefined ? error.message : `${unknown}; there are ${there.join(', ')}`;
    throw new Usage(`${said.replaceAll('\n', ' ').replace(/\.$/, '')}: see 'sigpost ${name} --help'`);
  }
}

/** The secret in a file; one newline at its end is not part of it. */
export function secretIn(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new Usage(`cannot read the secret file ${path}: ${(error as Error).message}`);
  }
  const [last, before] = [bytes.at(-1), bytes.at(-2)];
  return bytes.subarray(0, bytes.length - (last === 10 ? (before === 13 ? 2 : 1) : 0));
}

/** A webhook's body from stdin, to its end. */
export async function stdin(): Promise<Buffer> {
  if (process.stdin.isTTY) {
    process.stderr.write('reading the body from the terminal; Ctrl-D ends it\n');
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY) {
      throw new Usage(`the body on stdin is larger than ${MAX_BODY} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Without the white space that HTTP takes off (RFC 9110, section 5.6.3), and no other. */
const trimmed = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '');
