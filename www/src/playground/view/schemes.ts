// What the page says about schemes.

import { schemes } from 'sigpost';
import type { PresetName, Scheme } from 'sigpost';

/** The names of the presets, in the order of the package. `Object.keys` forgets that they are these. */
export const presets = Object.keys(schemes) as readonly PresetName[];

const TITLES: Readonly<Record<PresetName, string>> = {
  immuta: 'Immuta (SHA-256)',
  'immuta-sha1': 'Immuta, self-managed (SHA-1)',
  'immuta-request': 'Immuta Request app',
  generic: 'Generic webhooks API',
  qlik: 'Qlik Cloud',
  'standard-webhooks': 'Standard Webhooks',
  svix: 'Svix',
  github: 'GitHub',
  stripe: 'Stripe',
  slack: 'Slack',
  shopify: 'Shopify',
};

export const titleOf = (scheme: PresetName): string => TITLES[scheme];

export const whole = (scheme: PresetName | Scheme): Scheme => (typeof scheme === 'string' ? schemes[scheme] : scheme);

export const signsTime = (scheme: PresetName | Scheme): boolean => whole(scheme).signed?.includes('timestamp') === true;

export const signsId = (scheme: PresetName | Scheme): boolean => whole(scheme).signed?.includes('id') === true;

/** How the key is made of the secret, in words. */
export function keyInWords(scheme: PresetName | Scheme): string {
  switch (whole(scheme).key) {
    case 'base64':
      return 'The bytes that the secret is as base64, without whsec_.';
    case 'standard-webhooks':
      return 'The bytes that what follows whsec_ is as base64; of any other secret, a key that is derived from it.';
    default:
      return 'The secret as it is, every character of it.';
  }
}
