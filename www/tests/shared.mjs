// What a link to the playground carries, for the tests of what may stand in one.

export const bytes = (text) => new TextEncoder().encode(text);

/** A request that came with Qlik's signature, but for what is said of it, and of what stands beside it. */
export const shared = (request = {}, more = {}) => ({
  mode: 'verify',
  scheme: 'qlik',
  request: { method: 'POST', url: 'https://example.com/hooks', headers: [['qlik-signature', 'ab']], body: bytes('{}'), ...request },
  options: {},
  ...more,
});
