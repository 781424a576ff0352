// The pages' TypeScript for tests in Node: Vite makes modules of it, as it does for the browser.

import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createServer } from 'vite';

let server;

/** The module at a path below `www`, like `/src/playground/share.ts`. Each is loaded once in a process. */
export async function load(path) {
  server ??= createServer({
    configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
    root: fileURLToPath(new URL('..', import.meta.url)),
    appType: 'custom',
    logLevel: 'error',
    // Nothing listens and nothing is watched, so that a process of tests ends.
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true, include: [] },
  });
  return (await server).ssrLoadModule(path);
}

after(async () => (await server)?.close());
