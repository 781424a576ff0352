// What each scheme signs, written down a second time with nothing but node:crypto. It shares no line with the
// package, so that the two agree only if both are right. It is for tests: it compares whole strings.

import { createHmac } from 'node:crypto';

/**
 * What the headers must say for this body and secret: pairs of a header's name and its value, names in lower case.
 * `headers` is needed for schemes that sign an id or a time, which are taken from there.
 */
export function expected(scheme, secret, body, headers = {}) {
  const hex = (algorithm) => createHmac(algorithm, secret).update(body).digest('hex');
  switch (scheme) {
    case 'immuta':
    case 'immuta-request':
      return ['x-immuta-webhook-signature-sha256', hex('sha256')];
    case 'immuta-sha1':
      return ['x-immuta-webhook-signature', hex('sha1')];
    case 'generic':
      return ['x-webhook-signature', hex('sha256')];
    case 'qlik':
      return ['qlik-signature', hex('sha256')];
    case 'standard-webhooks':
      return ['webhook-signature', dotted(standardWebhooksKey(secret), 'webhook', headers, body)];
    case 'svix':
      return ['svix-signature', dotted(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'), 'svix', headers, body)];
    case 'github':
      return ['x-hub-signature-256', `sha256=${hex('sha256')}`];
    case 'stripe': {
      const time = /^t=(\d+),/.exec(headers['stripe-signature'])?.[1];
      const signed = createHmac('sha256', secret).update(`${time}.`).update(body);
      return ['stripe-signature', `t=${time},v1=${signed.digest('hex')}`];
    }
    case 'slack': {
      const signed = createHmac('sha256', secret).update(`v0:${headers['x-slack-request-timestamp']}:`).update(body);
      return ['x-slack-signature', `v0=${signed.digest('hex')}`];
    }
    case 'shopify':
      return ['x-shopify-hmac-sha256', createHmac('sha256', secret).update(body).digest('base64')];
    default:
      throw new Error(`scheme ${scheme} is not written down here`);
  }
}

/** Whether the headers carry the signature; of several `webhook-signature` values one is enough. */
export function verifies(scheme, secret, headers, body) {
  const [name, value] = expected(scheme, secret, body, headers);
  const found = headers[name];
  return typeof found === 'string' && found.split(' ').includes(value);
}

/** The signature of id, time and body with dots between, by a key that is decoded. */
function dotted(key, name, headers, body) {
  const before = `${headers[`${name}-id`]}.${headers[`${name}-timestamp`]}.`;
  return `v1,${createHmac('sha256', key).update(before).update(body).digest('base64')}`;
}

/** The key of `webhook-signature`: the decoded bytes of a `whsec_` secret, else derived from the secret. */
function standardWebhooksKey(secret) {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const decoded = encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
  if (decoded && decoded.length >= 24 && decoded.length <= 64 && decoded.toString('base64') === encoded) {
    return decoded;
  }
  return createHmac('sha256', secret).update('sigpost/standard-webhooks/v1').digest();
}
