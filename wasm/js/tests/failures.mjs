// Every way to hand over a secret and be refused. For memory.test.mjs.

import { sigpost, slim } from './package.mjs';

const { Verifier, schemes, sign, verify } = sigpost;

/** A scheme that signs the canonical form. */
const canonical = { ...schemes.immuta, body: 'canonical' };
const good = sign('immuta', 'nobody', { body: 'x' });
const standard = { body: 'x', id: 'i', timestamp: 1 };

/** Calls that throw, by a name for each. */
export const failures = (secret) => ({
  'an empty secret behind it': () => new Verifier('immuta', [secret, '']),
  'a missing secret behind it': () => new Verifier('immuta', [secret, undefined]),
  'a secret behind it that is none': () => new Verifier('immuta', [secret, 3]),
  'a secret behind it that is no text': () => new Verifier('immuta', [secret, '\ud800']),
  'a secret behind it that is too long': () => new Verifier('immuta', [secret, 'x'.repeat(5000)]),
  'too long itself': () => new Verifier('immuta', secret.repeat(400)),
  'a tolerance without a time': () => new Verifier('immuta', secret, { tolerance: 300 }),
  'the same, several secrets': () => new Verifier('immuta-sha1', [secret, secret], { tolerance: 0 }),
  'the same, once': () => verify('immuta', secret, good, 'x', { tolerance: 300 }),
  'an option that there is not': () => new Verifier('immuta', secret, { tolerence: 1 }),
  'a clock that is none': () => new Verifier('immuta', secret, { now: 1 }),
  'no canonicaliser': () => new slim.Verifier('immuta', secret, { body: 'canonical' }),
  'no canonicaliser for the scheme': () => new slim.Verifier(canonical, secret),
  'no such scheme': () => new Verifier('imuta', secret),
  'a scheme that makes no sense': () => new Verifier({ name: 'x', header: 'X' }, secret),
  'a scheme whose name throws': () => {
    const scheme = { header: 'x-sig', get name() { throw new Error('no'); } };
    return new Verifier(scheme, secret);
  },
  'no headers': () => verify('immuta', secret, {}, 'x'),
  'headers that are none': () => verify('immuta', secret, 'x', 'x'),
  'a malformed header': () => verify('immuta', secret, { [schemes.immuta.header]: 'x' }, 'x'),
  'headers that are too large': () => verify('immuta', secret, { [schemes.immuta.header]: 'x'.repeat(20_000) }, 'x'),
  'a wrong signature': () => verify('immuta', secret, good, 'x'),
  'a parsed body': () => verify('immuta', secret, good, {}),
  'a body that is too large': () => verify('immuta', secret, good, 'x', { maxBytes: 0 }),
  'a body that is no JSON': () => verify(canonical, secret, good, '{'),
  'a clock without a time': () => verify('immuta', secret, good, 'x', { now: () => NaN }),
  'a signature that is too old': () => verify('standard-webhooks', secret, sign('standard-webhooks', secret, standard), 'x'),
  'sign: no id': () => sign('standard-webhooks', secret, { body: 'x' }),
  'sign: no time': () => sign('standard-webhooks', secret, { ...standard, timestamp: -1 }),
  'sign: an id that is none': () => sign('standard-webhooks', secret, { ...standard, id: 3 }),
  'sign: a parsed body': () => sign('qlik', secret, { body: {} }),
  'sign: a body that is no JSON': () => sign(canonical, secret, { body: '{' }),
  'sign: no such scheme': () => sign('imuta', secret, { body: 'x' }),
  'sign: too long': () => sign('qlik', secret.repeat(400), { body: 'x' }),
});
