import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { build, defineConfig } from 'vite';
import type { Plugin } from 'vite';

import { policies } from './policies';
import { readSamples } from './samples';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const alias = { sigpost: here('../wasm/js/dist/index.js') };
const jsx = { runtime: 'automatic', importSource: 'preact' } as const;

export default defineConfig({
  // The files may lie in any folder of any server.
  base: './',
  resolve: { alias },
  oxc: { jsx },
  build: {
    target: ['chrome123', 'firefox120', 'safari17.5'],
    rolldownOptions: { input: { index: here('index.html'), console: here('console.html') } },
    modulePreload: { polyfill: false },
    // An image in a style would be a `data:` URL, which the policies forbid.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  // For work on the pages: `npx vite`, with a server's API behind it.
  server: {
    proxy: Object.fromEntries(['/v1', '/docs', '/openapi'].map((path) => [path, process.env['SIGPOST_URL'] ?? 'http://127.0.0.1:8080'])),
  },
  plugins: [policy(), worker(), samples(), compressed()],
});

/**
 * The policies, as the first thing in each document, and as a file for the server. In development they would forbid what
 * makes it comfortable.
 */
function policy(): Plugin {
  return {
    name: 'sigpost:policy',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'policies.json', source: JSON.stringify(policies) });
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_, { filename }) => {
        const content = policies[basename(filename)];
        if (content === undefined) {
          throw new Error(`${filename} has no policy: name one in policies.ts`);
        }
        const attrs = { 'http-equiv': 'content-security-policy', content };
        return [{ tag: 'meta', attrs, injectTo: 'head-prepend' as const }];
      },
    },
  };
}

/**
 * `virtual:worker`: the program of the playground's worker as a text, in a module of its own. A worker that is made of
 * a text has the policy of its page, which one that is made of a file has not.
 */
function worker(): Plugin {
  const id = 'virtual:worker';
  return {
    name: 'sigpost:worker',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    async load(loaded) {
      if (loaded !== `\0${id}`) {
        return undefined;
      }
      const entry = here('src/playground/worker/program.ts');
      const built = await build({
        configFile: false,
        logLevel: 'warn',
        resolve: { alias },
        build: {
          write: false,
          target: 'chrome123',
          reportCompressedSize: false,
          lib: { entry, formats: ['iife'], name: 'worker', fileName: 'worker' },
        },
      });
      const [output] = (Array.isArray(built) ? built : [built]) as { output: { type: string; code: string; moduleIds?: string[] }[] }[];
      const chunk = output?.output.find(({ type }) => type === 'chunk');
      if (chunk === undefined) {
        throw new Error(`${entry} made no program`);
      }
      for (const file of chunk.moduleIds ?? []) {
        this.addWatchFile(file);
      }
      return `export default ${JSON.stringify(chunk.code)};`;
    },
  };
}

/** `virtual:samples`: what the playground offers to look at, of the vectors that all of sigpost is held against. */
function samples(): Plugin {
  const id = 'virtual:samples';
  return {
    name: 'sigpost:samples',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: async (loaded) => (loaded === `\0${id}` ? `export default ${JSON.stringify(await readSamples())};` : undefined),
  };
}

/** What the server sends to those who take it: each text also as gzip and as brotli, where that is shorter. */
function compressed(): Plugin {
  return {
    name: 'sigpost:compressed',
    apply: 'build',
    async closeBundle() {
      const dist = here('dist');
      for (const name of await readdir(dist, { recursive: true })) {
        const path = join(dist, name);
        if (!/\.(html|js|css|svg)$/.test(name) || !(await stat(path)).isFile()) {
          continue;
        }
        const bytes = await readFile(path);
        const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
        for (const [ending, smaller] of [['gz', gzipSync(bytes, { level: 9 })], ['br', brotli]] as const) {
          if (smaller.length < bytes.length) {
            await writeFile(`${path}.${ending}`, smaller);
          }
        }
      }
    },
  };
}
