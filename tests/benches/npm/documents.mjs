// What arrives: JSON as webhooks carry it, and the headers beside it, signed by Node's own crypto.

import { createHmac } from 'node:crypto';

export const SIZES = [
  ['256 B', 256],
  ['1 KB', 1 << 10],
  ['4 KB', 4 << 10],
  ['64 KB', 64 << 10],
  ['1 MB', 1 << 20],
];

/** A key as Standard Webhooks wants it, which is good enough for everyone. */
export const SECRET = `whsec_${Buffer.from('a secret of 32 bytes, all of it.').toString('base64')}`;
const KEY = Buffer.from(SECRET.slice('whsec_'.length), 'base64');

/** How much of different documents a case works on: one and the same body again and again is learnt by heart. */
const VARIETY = 256 << 10;
const MOST = 8;

/** What every request carries besides. */
const COMMON = {
  host: 'receiver.example',
  'user-agent': 'sender/1.0',
  accept: '*/*',
  'accept-encoding': 'gzip, deflate',
  'content-type': 'application/json',
  'x-forwarded-for': '192.0.2.17',
  'x-forwarded-proto': 'https',
};

/** A document whose canonical form has exactly so many characters; `words` go into its texts. */
function document(size, number, words) {
  const changes = [];
  const whole = {
    id: `evt_${number}2KWPBgLlAfxdpx2AI54pPJ85f4W`,
    type: 'dataSource.access.granted',
    createdAt: '2026-03-01T12:00:00.000Z',
    metadata: { actionBy: 17 + number, global: false, score: 0.25, text: `approved "${words}"` },
    changes,
    note: '',
  };
  let length = JSON.stringify(whole).length;
  for (let i = 0; ; i += 1) {
    const change = [
      { path: `/columns/${i}/tag`, old: null, new: 'PII' },
      { at: 1_700_000_000_000 + i, by: `${words} ${i}`, ok: true },
      [i, i / 4, 'line\nbreak'],
    ][i % 3];
    // And a comma.
    length += JSON.stringify(change).length + 1;
    if (length > size) {
      break;
    }
    changes.push(change);
  }
  whole.note = 'n'.repeat(size - JSON.stringify(whole).length);
  return whole;
}

/** How a document is written. */
export const FORMS = {
  canonical: (size, number) => JSON.stringify(document(size, number, 'Sales')),
  pretty: (size, number) => JSON.stringify(document(size, number, 'Sales'), undefined, 2),
  'not ASCII': (size, number) => JSON.stringify(document(size, number, 'Caf\u00e9 \u2014 EMEA')),
};

const mac = (key, encoding, ...parts) => {
  const hmac = createHmac('sha256', key);
  parts.forEach((part) => hmac.update(part));
  return hmac.digest(encoding);
};

const seconds = () => Math.floor(Date.now() / 1000);

function standard(prefix) {
  return (body, number) => {
    const [id, time] = [`msg_${number}2KWPBgLlAfxdpx2AI54pPJ85f4W`, `${seconds()}`];
    const signature = `v1,${mac(KEY, 'base64', `${id}.${time}.`, body)}`;
    return { [`${prefix}-id`]: id, [`${prefix}-timestamp`]: time, [`${prefix}-signature`]: signature };
  };
}

/** How senders sign. */
const SIGNED = {
  'standard-webhooks': standard('webhook'),
  svix: standard('svix'),
  github: (body) => ({ 'x-hub-signature-256': `sha256=${mac(SECRET, 'hex', body)}` }),
  stripe: (body) => {
    const time = seconds();
    return { 'stripe-signature': `t=${time},v1=${mac(SECRET, 'hex', `${time}.`, body)}` };
  },
};

/**
 * Genuine deliveries, and a forged one: its body is another document of the same length.
 *
 * Each is `{ headers, body, text }`, the bytes as they came and what they decode to.
 */
export function deliveries(scheme, form, size) {
  const count = Math.max(2, Math.min(MOST, Math.floor(VARIETY / size)));
  const genuine = Array.from({ length: count }, (_, number) => {
    const text = FORMS[form](size, number);
    // What sockets deliver is allocated on its own, and so is what is decoded from it.
    const body = Buffer.from(text);
    return { headers: { ...COMMON, ...SIGNED[scheme](signedBytes(form, body), number) }, body, text: body.toString() };
  });
  const { body, text } = genuine[1];
  return { genuine, forged: { headers: genuine[0].headers, body, text } };
}

/** Senders that write JSON otherwise than JavaScript does sign what a receiver can only get by parsing it. */
function signedBytes(form, body) {
  return form === 'pretty' ? JSON.stringify(JSON.parse(body)) : body;
}
