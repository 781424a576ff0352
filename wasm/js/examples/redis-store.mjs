// A store in Redis, for webhooks that several processes receive. Copy it; `client` is one of the package `redis`:
//
//   import { createClient } from 'redis';
//
//   const client = await createClient({ disableOfflineQueue: true }).on('error', console.error).connect();
//   app.post('/hooks', webhook(verifier, handler, { store: redisStore(client) }));
//
// Without `disableOfflineQueue`, requests would wait for a Redis that is away; with it they are answered 503 at once.
// Redis must not evict these keys before their time: run it with `maxmemory-policy noeviction`.

/** The value of what was handled. Leases are UUIDs, so none is called that. */
const DONE = 'done';

/** Deletes a lease if it is still the caller's: between two commands it could run out, and the next one would go. */
const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end";

/**
 * `ttl` and `lease` in seconds: how long what was handled is remembered, and how long a handler may take until another
 * process may handle its delivery. `prefix` keeps senders apart, whose ids may be the same.
 */
export function redisStore(client, { prefix = 'webhook:', ttl = 5 * 24 * 60 * 60, lease = 60 } = {}) {
  return {
    async begin(key, holder) {
      const taken = await client.set(prefix + key, holder, {
        condition: 'NX',
        expiration: { type: 'PX', value: lease * 1000 },
      });
      if (taken) {
        return 'new';
      }
      return (await client.get(prefix + key)) === DONE ? 'done' : 'inProgress';
    },
    // Whoever holds the lease by now: the delivery was handled.
    complete: (key) => client.set(prefix + key, DONE, { expiration: { type: 'PX', value: ttl * 1000 } }),
    release: (key, holder) => client.eval(RELEASE, { keys: [prefix + key], arguments: [holder] }),
  };
}
