// Who is measured: the package beside the packages of others and the host's own crypto, each the way its documentation
// has it. A name says what is handed over, if that is not the bytes as they came: a `string` was decoded beforehand. It
// also says who `parses` the JSON; they are held against us when we do, and the others against us when we do not.

import { createHmac, timingSafeEqual, webcrypto } from 'node:crypto';

import { SECRET, deliveries } from './documents.mjs';
import { Contender } from './measure.mjs';

export const OURS = 'sigpost';
export const PARSING = 'sigpost, `event` read, parses';

/** Whether a string is handed over, by the name. */
export const isText = (name) => name.split(', ').includes('string');

const contender = (name, work) => new Contender(name, work);

/** The four of others, or none of them. */
export async function peersOf(wanted) {
  if (!wanted) {
    return undefined;
  }
  const [standard, svix, octokit, stripe] = await Promise.all(
    ['standardwebhooks', 'svix', '@octokit/webhooks-methods', 'stripe'].map((name) => import(name)),
  ).catch((error) => {
    throw new Error(`the packages of others are missing: run \`npm ci\` in tests/benches/npm (${error.message})`);
  });
  return {
    standard: new standard.Webhook(SECRET),
    svix: new svix.Webhook(SECRET),
    octokit,
    stripe: new stripe.default('sk_test_key').webhooks,
  };
}

/** The groups of cases: `contenders()` of each are measured together, at every size. */
export function groupsOf({ Verifier, canonicalize }, peers) {
  return [
    { name: 'standard-webhooks', form: 'canonical', contenders: () => standard(Verifier, peers) },
    { name: 'svix', form: 'canonical', contenders: () => svix(Verifier, peers) },
    { name: 'github', form: 'canonical', contenders: () => github(Verifier, peers) },
    { name: 'stripe', form: 'canonical', contenders: () => stripe(Verifier, peers) },
    ...['canonical', 'pretty'].map((form) => ({
      name: `body: 'canonical', ${form}`,
      scheme: 'github',
      form,
      contenders: () => canonicalBody(Verifier),
    })),
    ...['canonical', 'pretty', 'not ASCII'].map((form) => ({
      name: `canonicalize, ${form}`,
      scheme: 'github',
      form,
      anyone: true,
      contenders: () => canonicalForm(canonicalize),
    })),
  ];
}

/** What is delivered in a group, once every contender has shown that it accepts it, and refuses what is forged. */
export async function checked({ name, scheme = name, form, anyone = false }, size, contenders) {
  const { genuine, forged } = deliveries(scheme, form, size);
  for (const { name, work } of contenders) {
    for (const delivery of genuine) {
      if (!(await work(delivery))) {
        throw new Error(`${name} refuses what is genuine`);
      }
    }
    if (!anyone && (await accepts(work, forged))) {
      throw new Error(`${name} accepts what is forged`);
    }
  }
  return genuine;
}

async function accepts(work, delivery) {
  try {
    return Boolean(await work(delivery));
  } catch {
    return false;
  }
}

/** Ours, and ours with what it returns parsed. */
function ours(verifier) {
  return [
    contender(OURS, ({ headers, body }) => verifier.verify(headers, body)),
    contender('sigpost, string', ({ headers, text }) => verifier.verify(headers, text)),
    contender(PARSING, ({ headers, body }) => verifier.verify(headers, body).event),
  ];
}

function standard(Verifier, peers) {
  const all = ours(new Verifier('standard-webhooks', SECRET));
  if (peers) {
    const { standard } = peers;
    const raw = { jsonParse: false };
    // Without parsing it returns nothing; it throws what it does not accept.
    all.push(
      contender('standardwebhooks, `jsonParse: false`', ({ headers, body }) => {
        standard.verify(body, headers, raw);
        return true;
      }),
      contender('standardwebhooks, string, `jsonParse: false`', ({ headers, text }) => {
        standard.verify(text, headers, raw);
        return true;
      }),
      contender('standardwebhooks, parses', ({ headers, body }) => standard.verify(body, headers)),
    );
  }
  return all;
}

function svix(Verifier, peers) {
  const all = ours(new Verifier('svix', SECRET));
  if (peers) {
    const { svix } = peers;
    all.push(
      contender('svix, parses', ({ headers, body }) => svix.verify(body, headers)),
      contender('svix, string, parses', ({ headers, text }) => svix.verify(text, headers)),
    );
  }
  return all;
}

function github(Verifier, peers) {
  const all = ours(new Verifier('github', SECRET));
  if (peers) {
    const { verify } = peers.octokit;
    all.push(
      contender('@octokit/webhooks-methods, string', ({ headers, text }) =>
        verify(SECRET, text, headers['x-hub-signature-256']),
      ),
      contender('@octokit/webhooks-methods, decoding', ({ headers, body }) =>
        verify(SECRET, body.toString(), headers['x-hub-signature-256']),
      ),
    );
  }
  return [...all, node(), subtle()];
}

const hex = (headers) => headers['x-hub-signature-256'].slice('sha256='.length);

/** Nothing but the HMAC and the comparison, with the key at hand. */
function node() {
  const key = Buffer.from(SECRET);
  return contender('node:crypto, bare', ({ headers, body }) =>
    timingSafeEqual(createHmac('sha256', key).update(body).digest(), Buffer.from(hex(headers), 'hex')),
  );
}

function subtle() {
  const { subtle } = webcrypto;
  const importing = subtle.importKey('raw', Buffer.from(SECRET), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  let key;
  return contender('WebCrypto `verify`, key imported', async ({ headers, body }) => {
    key ??= await importing;
    return subtle.verify('HMAC', key, Buffer.from(hex(headers), 'hex'), body);
  });
}

function stripe(Verifier, peers) {
  const all = ours(new Verifier('stripe', SECRET));
  if (peers) {
    const { stripe } = peers;
    all.push(
      contender('stripe `verifyHeader`', ({ headers, body }) =>
        stripe.signature.verifyHeader(body, headers['stripe-signature'], SECRET, stripe.DEFAULT_TOLERANCE),
      ),
      contender('stripe `verifyHeader`, string', ({ headers, text }) =>
        stripe.signature.verifyHeader(text, headers['stripe-signature'], SECRET, stripe.DEFAULT_TOLERANCE),
      ),
      contender('stripe `constructEvent`, parses', ({ headers, body }) =>
        stripe.constructEvent(body, headers['stripe-signature'], SECRET),
      ),
    );
  }
  return all;
}

function canonicalBody(Verifier) {
  const verifier = new Verifier('github', SECRET, { body: 'canonical' });
  const key = Buffer.from(SECRET);
  return [
    contender("sigpost, `body: 'canonical'`", ({ headers, body }) => verifier.verify(headers, body)),
    contender('parse, stringify, node:crypto', ({ headers, body }) => {
      const text = JSON.stringify(JSON.parse(body.toString()));
      return timingSafeEqual(createHmac('sha256', key).update(text).digest(), Buffer.from(hex(headers), 'hex'));
    }),
  ];
}

function canonicalForm(canonicalize) {
  return [
    contender('sigpost `canonicalize`', ({ text }) => canonicalize(text)),
    contender('parse and stringify', ({ text }) => JSON.stringify(JSON.parse(text))),
  ];
}
