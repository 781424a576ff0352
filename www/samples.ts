// `virtual:samples`: what the playground offers to look at, read from `tests/vectors` when the pages are built. Signatures
// are those of the vectors: what is broken here is broken around them, and what has none is signed by the page.

import { readFile } from 'node:fs/promises';

import type { PresetName } from 'sigpost';

import type { Sample, SampleGroup } from './src/playground/samples';

/** What is used of a vector. */
interface Vector {
  readonly name: string;
  readonly scheme: unknown;
  readonly secrets: readonly string[];
  readonly headers: readonly (readonly [string, string])[];
  readonly body: { readonly text?: string };
  /** In seconds. */
  readonly now: number;
  readonly expect: { readonly error?: string };
}

interface Notification {
  readonly name: string;
  readonly body?: string;
  readonly source: string;
}

type Genuine = Pick<Sample, 'scheme' | 'secrets' | 'headers' | 'now'> & { readonly body: { readonly text: string } };

const PRESETS: Readonly<Record<PresetName, { readonly file?: string; readonly title: string; readonly about: string }>> = {
  immuta: { title: 'Immuta', about: 'HMAC-SHA256 of the body in hex. The example of a request of Immuta’s documentation.' },
  'immuta-sha1': { file: 'immuta', title: 'Immuta, SHA-1', about: 'What self-managed releases such as 2024.3 send: HMAC-SHA1 of the body in hex.' },
  'immuta-request': { file: 'immuta', title: 'Immuta Request', about: 'Signed as Immuta signs, in the same header.' },
  generic: { title: 'Generic webhooks', about: 'Bare hex of HMAC-SHA256 over the body; the key is the whole secret, whsec_ and all.' },
  qlik: { title: 'Qlik', about: 'Bare hex of HMAC-SHA256 over the body, in Qlik-Signature.' },
  'standard-webhooks': { title: 'Standard Webhooks', about: 'Id, time and body are signed; the key is what follows whsec_, decoded. The example of its libraries.' },
  svix: { title: 'Svix', about: 'As Standard Webhooks, in headers of its own.' },
  github: { title: 'GitHub', about: 'The example of GitHub’s documentation: sha256= and the hex of HMAC-SHA256 over the body.' },
  stripe: { title: 'Stripe', about: 'Time and body are signed, and the time stands in the signature’s header. Made by Stripe’s own library.' },
  slack: { title: 'Slack', about: 'The example of Slack’s documentation: a form as body, signed with its time.' },
  shopify: { title: 'Shopify', about: 'Base64 of HMAC-SHA256 over the body.' },
};

/** By the file of notifications: how they are signed, and which of them are good to look at, by their names. */
const SYSTEMS: Readonly<Record<string, { readonly scheme: PresetName; readonly system: string; readonly names: readonly string[] }>> = {
  immuta: { scheme: 'immuta', system: 'Immuta', names: ['a project created', 'no notifyInitiator', 'two users of different names', 'a type of the newer documentation alone'] },
  'immuta-request': { scheme: 'immuta-request', system: 'Immuta Request', names: ['an access request', 'an unknown type and unknown members'] },
  generic: { scheme: 'generic', system: 'Generic webhooks', names: ['the example of the page', 'an unknown type and unknown members'] },
  qlik: { scheme: 'qlik', system: 'Qlik', names: ['CloudEvents as Qlik sends them', 'a reload that finished', 'the older envelope', 'both envelopes that agree'] },
  cloudevents: { scheme: 'standard-webhooks', system: 'sigpost', names: ['the example of the specification', 'JSON data in canonical form', 'data in base64'] },
};

/** All samples, in the order in which they are shown. */
export async function readSamples(): Promise<readonly Sample[]> {
  const genuine = await Promise.all(presets().map(readGenuine));
  const notifications = await Promise.all(Object.keys(SYSTEMS).map((file) => readNotifications(file, genuine)));
  return [...genuine.map(preset), ...notifications.flat(), ...(await mistakes(genuine))];
}

/** `Object.keys` knows no keys; these are all there are. */
function presets(): PresetName[] {
  return Object.keys(PRESETS) as PresetName[];
}

async function read<Case>(path: string): Promise<readonly Case[]> {
  const text = await readFile(new URL(`../tests/vectors/${path}.json`, import.meta.url), 'utf8');
  // The vectors' form is held by the tests of all who read them.
  return (JSON.parse(text) as { readonly cases: readonly Case[] }).cases;
}

/** The first genuine request: an example that somebody else published where there is one, since it comes first. */
async function readGenuine(scheme: PresetName): Promise<Genuine> {
  const cases = await read<Vector>(`signature/${PRESETS[scheme].file ?? scheme}`);
  const found = cases.find((vector) => vector.scheme === scheme && vector.expect.error === undefined && vector.body.text);
  return madeOf(scheme, found);
}

function madeOf(scheme: PresetName, vector: Vector | undefined): Genuine {
  const text = vector?.body.text;
  if (vector === undefined || text === undefined) {
    throw new Error(`tests/vectors/signature has no request that a sample of ${scheme} can be made of`);
  }
  return { scheme, secrets: vector.secrets, headers: vector.headers, body: { text }, now: vector.now * 1000 };
}

function preset(genuine: Genuine): Sample {
  const { title, about } = PRESETS[genuine.scheme];
  return { id: genuine.scheme, title, group: 'Signed by each scheme', about, ...genuine, expect: 'genuine' };
}

async function readNotifications(file: string, genuine: readonly Genuine[]): Promise<readonly Sample[]> {
  const { scheme, system, names } = SYSTEMS[file] ?? missing(file);
  const cases = await read<Notification>(`notification/${file}`);
  const { secrets, now } = genuine.find((one) => one.scheme === scheme) ?? missing(scheme);
  return names.map((name): Sample => {
    const { body, source } = cases.find((one) => one.name === name) ?? missing(`${file}: ${name}`);
    return {
      id: `${file}-${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`,
      title: `${system}: ${name}`,
      group: 'Sent by each system',
      about: source === 'This list' ? 'A body as it may come, signed here and now.' : `From: ${source}. Signed here and now.`,
      scheme,
      secrets,
      headers: [['content-type', file === 'cloudevents' ? 'application/cloudevents+json' : 'application/json']],
      body: { text: body ?? missing(`the text of ${file}: ${name}`) },
      now,
      expect: 'genuine',
      sign: scheme,
    };
  });
}

/** Genuine requests, each with one thing that is not as it was when it was signed. */
async function mistakes(all: readonly Genuine[]): Promise<readonly Sample[]> {
  const of = (scheme: PresetName) => all.find((one) => one.scheme === scheme) ?? missing(scheme);
  const [immuta, github, qlik, standard] = [of('immuta'), of('github'), of('qlik'), of('standard-webhooks')];
  const sha1 = of('immuta-sha1');
  const group: SampleGroup = 'Mistakes people make';
  return [
    { id: 'pretty-printed', group, title: 'The body was pretty-printed', about: 'A parser read the body, and somebody wrote it again with indents: the same JSON, but other bytes.', ...immuta, body: { text: JSON.stringify(JSON.parse(immuta.body.text), null, 2) }, expect: 'mismatch', mistake: 'pretty_printed' },
    { id: 'secret-line-break', group, title: 'A line break at the end of the secret', about: 'The secret was read from a file, with the line break that ends it.', ...qlik, secrets: qlik.secrets.map((secret) => `${secret}\n`), expect: 'mismatch', mistake: 'secret_space_around' },
    { id: 'one-byte', group, title: 'One byte was changed', about: 'One letter of the body is another. Nothing can be mended: it is not what was signed.', ...github, body: { text: github.body.text.replace('World', 'Warld') }, expect: 'mismatch' },
    { id: 'wrong-secret', group, title: 'The secret of another webhook', about: 'The request is as it was sent, but the secret is not the one it was signed with.', ...immuta, secrets: ['fedcba9876543210fedcba9876543210'], expect: 'mismatch' },
    { id: 'old-timestamp', group, title: 'An old request', about: 'The signature is right, but a day has passed since: whoever recorded a request could send it again.', ...standard, now: standard.now + 86_400_000, expect: 'stale_timestamp', mistake: 'stale_timestamp' },
    { id: 'sha1-only', group, title: 'Only the SHA-1 header', about: 'A self-managed release sends the older header alone, which the scheme for today’s Immuta does not accept.', ...sha1, scheme: 'immuta', expect: 'sha1_only', mistake: 'weaker_signature' },
    { id: 'upper-case-names', group, title: 'Header names in upper case', about: 'No mistake: names of headers are the same in any case.', ...standard, headers: standard.headers.map(([name, value]) => [name.toUpperCase(), value] as const), expect: 'genuine' },
  ];
}

function missing(what: string): never {
  throw new Error(`tests/vectors has no ${what}, of which a sample is made`);
}
