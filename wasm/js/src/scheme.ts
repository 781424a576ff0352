import { ENCODINGS, LENGTHS } from './digits.js';
import type { Hash } from './digits.js';
import { VerificationError } from './error.js';
import { schemes as presets } from './generated/schemes.js';
import { own } from './inputs.js';
import type { Around } from './message.js';
import type { KeyForm } from './secret.js';

/**
 * The name of a scheme that is built in.
 *
 * @example
 * ```ts
 * import { schemes, type PresetName } from 'sigpost';
 *
 * // For names that a configuration holds.
 * export const isPreset = (name: string): name is PresetName => Object.hasOwn(schemes, name);
 * ```
 */
export type PresetName = keyof typeof presets;

/**
 * A part of what is signed.
 *
 * @example
 * ```js
 * import { schemes } from 'sigpost';
 *
 * schemes.github.signed; // [ 'body' ]
 * schemes.stripe.signed; // [ 'timestamp', { text: '.' }, 'body' ]
 * ```
 */
export type Part = 'body' | 'id' | 'timestamp' | { readonly text: string };

/**
 * How a sender signs, as data. Only `name` and `header` are required; texts are ASCII, header names in lower case.
 *
 * @example
 * ```js
 * import { sign, verify } from 'sigpost';
 *
 * const list = { separator: ',', prefix: 'v1=', timestampPrefix: 't=' };
 * const acme = { name: 'acme', header: 'x-acme-signature', ...list, signed: ['timestamp', { text: '.' }, 'body'] };
 * const headers = sign(acme, 'secret', { body: '{"n":1}', timestamp: 1_700_000_000 });
 * headers['x-acme-signature'].slice(0, 16); // 't=1700000000,v1='
 * verify(acme, 'secret', headers, '{"n":1}', { tolerance: null }).event; // { n: 1 }
 * ```
 */
export interface Scheme {
  /** For logs: lower-case letters, digits, hyphens, underscores. */
  readonly name: string;
  /** The header that carries the signature. */
  readonly header: string;
  /** `hmac-sha256` unless said. */
  readonly algorithm?: 'hmac-sha256' | 'hmac-sha512' | 'hmac-sha1';
  /** `hex` unless said; hex is read in either case, `base64` with its padding, `base64url` with or without. */
  readonly encoding?: 'hex' | 'base64' | 'base64url';
  /** A text before the signature, like `sha256=`; it does not begin with a space. */
  readonly prefix?: string;
  /**
   * Given, the header is a list, separated so; entries that do not begin with `prefix`, like those of other versions,
   * are passed over.
   */
  readonly separator?: ' ' | ',';
  /** What is signed, in order; `['body']` unless said. */
  readonly signed?: readonly Part[];
  /** The header that carries the message id; it must be signed. */
  readonly idHeader?: string;
  /** The header that carries the time in seconds since 1970; it must be signed. */
  readonly timestampHeader?: string;
  /** The time stands in the signature header's list instead, behind this text, like `t=`; it must be signed. */
  readonly timestampPrefix?: string;
  /** The header of a weaker signature that is not accepted; a request that has only that one is told so. */
  readonly weakerHeader?: string;
  /** How far the signed time may be off, in whole seconds, either way; 300 unless said. */
  readonly tolerance?: number;
  /** `raw` (the bytes that travel) unless said, or `canonical` (`JSON.stringify` of the payload). */
  readonly body?: 'raw' | 'canonical';
  /**
   * `whole` (the secret as it is) unless said; `standard-webhooks` (what follows `whsec_`, decoded, or what is derived
   * from any other secret); `base64` (decoded, behind `whsec_` or without it, and nothing else).
   */
  readonly key?: KeyForm;
}

/**
 * What a scheme offers against replays: nothing, a signed time, a signed id, or both.
 *
 * @example
 * ```js
 * import { Verifier } from 'sigpost';
 *
 * new Verifier('github', 'secret').replay; // 'nothing'
 * new Verifier('stripe', 'secret').replay; // 'time'
 * new Verifier('github', 'secret', { standardWebhooks: 'required' }).replay; // 'id-and-time'
 * ```
 */
export type Replay = 'nothing' | 'time' | 'id' | 'id-and-time';

/**
 * A scheme that is built in: all that every scheme has is spelt out.
 *
 * @example
 * ```js
 * import { schemes, sign } from 'sigpost';
 *
 * // Somebody who signs as GitHub does, in another header.
 * const acme = { ...schemes.github, name: 'acme', header: 'x-acme-signature' };
 * Object.keys(sign(acme, 'secret', { body: '{}' })); // [ 'x-acme-signature' ]
 * acme.algorithm; // 'hmac-sha256'
 * ```
 */
export interface Preset extends Scheme {
  readonly name: PresetName;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha512' | 'hmac-sha1';
  readonly encoding: 'hex' | 'base64' | 'base64url';
  readonly signed: readonly Part[];
  readonly body: 'raw' | 'canonical';
  readonly key: KeyForm;
  /** What it offers against replays. */
  readonly replay: Replay;
}

/** What a scheme is unless it says otherwise. */
const DEFAULTS = { algorithm: 'hmac-sha256', encoding: 'hex', signed: ['body'], body: 'raw', key: 'whole' } as const;
/** What Standard Webhooks libraries allow, in seconds. */
const TOLERANCE = 300;

/**
 * The schemes that are built in, by name.
 *
 * @example
 * ```js
 * import { schemes } from 'sigpost';
 *
 * schemes.qlik.header; // 'qlik-signature'
 * schemes['standard-webhooks'].tolerance; // 300
 * schemes.stripe.timestampPrefix; // 't='
 * schemes.github.replay; // 'nothing'
 * ```
 */
export const schemes: { readonly [Name in PresetName]: Preset } = /* @__PURE__ */ spellOut();

function spellOut(): { readonly [Name in PresetName]: Preset } {
  const spelt = Object.entries(presets).map(([name, preset]): [string, Preset] => {
    const scheme = { ...DEFAULTS, name: name as PresetName, ...(preset as Omit<Scheme, 'name'>) };
    const whole = { ...scheme, ...(timed(scheme) && { tolerance: TOLERANCE }), replay: replayOf(scheme.signed) };
    // Verifiers are made from these, and nobody is to change what all of them do.
    [...whole.signed, whole.signed, whole].forEach(Object.freeze);
    return [name, whole];
  });
  return Object.freeze(Object.fromEntries(spelt)) as { [Name in PresetName]: Preset };
}

/** A scheme that makes sense, taken apart. */
export interface Plan {
  readonly name: string;
  readonly header: string;
  readonly hash: Hash;
  readonly encoding: keyof typeof ENCODINGS;
  readonly prefix: string;
  readonly separator: string | undefined;
  /** What is signed before the body, and what behind it. */
  readonly before: readonly Around[];
  readonly after: readonly Around[];
  /** What no id may hold, since it separates the parts. */
  readonly separators: string;
  readonly idHeader: string | undefined;
  readonly timestampHeader: string | undefined;
  readonly timestampPrefix: string | undefined;
  readonly weakerHeader: string | undefined;
  /** In seconds; undefined if no time is signed. */
  readonly tolerance: number | undefined;
  readonly canonical: boolean;
  readonly key: KeyForm;
  readonly replay: Replay;
  /** Where the tags of a request are put. */
  readonly room: Uint8Array<ArrayBuffer>;
}

const KNOWN = {
  name: 0,
  header: 0,
  ...DEFAULTS,
  prefix: 0,
  separator: 0,
  idHeader: 0,
  timestampHeader: 0,
  timestampPrefix: 0,
  weakerHeader: 0,
  tolerance: 0,
  // What is derived from the others, so that a preset can be given as data.
  replay: 0,
} satisfies Record<keyof Preset, unknown>;

const HASHES: Readonly<Record<Preset['algorithm'], Hash>> = { 'hmac-sha1': 1, 'hmac-sha256': 2, 'hmac-sha512': 5 };

const TEXT = /^[ -~]{1,256}$/;
const TEXTS =
  'prefixes and texts are 1 to 256 printable ASCII characters; a prefix begins with no space and does not hold the separator';

/** Takes a scheme apart, if it makes sense: the core's rules (`signature/scheme/build.rs`). */
export function planOf(scheme: PresetName | Scheme): Plan {
  const given = givenBy(scheme);
  const { name, header, algorithm, encoding, prefix = '', separator, idHeader, timestampHeader, timestampPrefix } = given;
  const { weakerHeader, tolerance, body, key } = given;
  const parts = partsOf(given.signed);
  require(/^[a-z\d_-]{1,64}$/.test(name), 'a name is 1 to 64 lower-case letters, digits, hyphens, underscores');
  const headers = [header, idHeader, timestampHeader, weakerHeader].filter((header) => header !== undefined);
  for (const header of headers) {
    require(/^[a-z\d!#$%&'*+.^_`|~-]{1,256}$/.test(header), `"${header}" is not a header name in lower case`);
    require(headers.indexOf(header) === headers.lastIndexOf(header), `header "${header}" is used for two things`);
  }
  oneOf('algorithm', algorithm, HASHES);
  oneOf('encoding', encoding, ENCODINGS);
  oneOf('body', body, { raw: 0, canonical: 0 });
  oneOf('key', key, { whole: 0, base64: 0, 'standard-webhooks': 0 });
  require(separator === undefined || separator === ' ' || separator === ',', 'separator is a space or a comma');
  const both = timestampHeader !== undefined && timestampPrefix !== undefined;
  require(!both, 'the time stands in timestampHeader or behind timestampPrefix, not both');
  requireSigned(parts, 'id', idHeader !== undefined);
  requireSigned(parts, 'timestamp', timed(given));
  const inHeader = (text: string): boolean => TEXT.test(text) && text[0] !== ' ' && !(separator && text.includes(separator));
  require(prefix === '' || inHeader(prefix), TEXTS);
  if (timestampPrefix !== undefined) {
    const apart = separator !== undefined && !prefix.startsWith(timestampPrefix) && !timestampPrefix.startsWith(prefix);
    require(apart, 'timestampPrefix needs a separator and a prefix; neither prefix begins with the other');
    require(inHeader(timestampPrefix), TEXTS);
  }
  const whole = tolerance === undefined || (Number.isInteger(tolerance) && tolerance >= 0 && tolerance < 2 ** 32);
  require(whole, 'tolerance is in whole seconds');
  require(tolerance === undefined || timed(given), 'tolerance needs timestampHeader or timestampPrefix');
  const at = parts.indexOf('body');
  return {
    name,
    header,
    hash: HASHES[algorithm],
    encoding,
    prefix,
    separator,
    before: parts.slice(0, at) as Around[],
    after: parts.slice(at + 1) as Around[],
    separators: parts.map((part) => (typeof part === 'string' ? '' : part.text.replace(/[a-z\d.]/gi, ''))).join(''),
    idHeader,
    timestampHeader,
    timestampPrefix,
    weakerHeader,
    tolerance: timed(given) ? (tolerance ?? TOLERANCE) : undefined,
    canonical: body === 'canonical',
    key,
    replay: replayOf(parts),
    room: new Uint8Array(16 * LENGTHS[HASHES[algorithm]]),
  };
}

type Given = Scheme & Required<Pick<Scheme, keyof typeof DEFAULTS>>;

/** What was given, each member read once. */
function givenBy(scheme: PresetName | Scheme): Given {
  if (typeof scheme === 'string') {
    if (!Object.hasOwn(schemes, scheme)) {
      throw new VerificationError('unknown_scheme', `a scheme is one of ${Object.keys(schemes).join(', ')}`);
    }
    return Object.assign(Object.create(null) as object, schemes[scheme]) as Given;
  }
  require(scheme !== null && typeof scheme === 'object', 'a scheme is a name or an object');
  const members = Object.entries(own('a scheme', scheme, KNOWN)).filter(([, value]) => value !== undefined) as [string, unknown][];
  for (const [name, value] of members) {
    require(name === 'signed' || name === 'tolerance' || typeof value === 'string', `${name} of a scheme is a string`);
  }
  const given: object = Object.assign(Object.create(null), DEFAULTS, Object.fromEntries(members));
  require('name' in given && 'header' in given, 'a scheme has a name and a header');
  return given as Given;
}

/** What is signed: in one way only, whatever the parts hold. */
function partsOf(signed: unknown): Part[] {
  require(Array.isArray(signed), 'signed is a list of parts');
  // A list with holes has fewer parts than it says; copied, it says so. And a text is read once.
  const parts = [...(signed as unknown[])].map((part): Part => {
    if (part === 'body' || part === 'id' || part === 'timestamp') {
      return part;
    }
    require(part !== null && typeof part === 'object', 'a part is body, id, timestamp or { text }');
    const { text } = own('a fixed text that is signed', part as { text: unknown }, { text: 0 });
    require(typeof text === 'string' && TEXT.test(text), TEXTS);
    return { text: text as string };
  });
  const bodies = parts.filter((part) => part === 'body').length;
  require(bodies === 1 && parts.length <= 16, 'the body is signed once, of at most 16 parts');
  let separated = true;
  for (const [index, part] of parts.entries()) {
    if (typeof part !== 'string') {
      separated ||= /[^a-z\d]/i.test(part.text);
    } else {
      const once = parts.indexOf(part) === index;
      require(separated && once, 'each part is signed once, and between two stands a text that is not only letters and digits');
      separated = false;
    }
  }
  return parts;
}

function requireSigned(parts: readonly Part[], part: 'id' | 'timestamp', stands: boolean): void {
  require(parts.includes(part) === stands, `the ${part} must have a header and be signed`);
}

function timed({ timestampHeader, timestampPrefix }: Omit<Scheme, 'name' | 'header'>): boolean {
  return timestampHeader !== undefined || timestampPrefix !== undefined;
}

function replayOf(signed: readonly Part[]): Replay {
  const [id, time] = [signed.includes('id'), signed.includes('timestamp')];
  return id ? (time ? 'id-and-time' : 'id') : time ? 'time' : 'nothing';
}

function require(makesSense: unknown, message: string): asserts makesSense {
  if (!makesSense) {
    throw new VerificationError('invalid_scheme', message);
  }
}

function oneOf(what: string, name: string, names: object): void {
  require(Object.hasOwn(names, name), `${what} is one of ${Object.keys(names).join(', ')}`);
}
