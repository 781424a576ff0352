// The bundlers, each with the least that makes it bundle a project: nothing here is for the package's sake.

import { builtinModules } from 'node:module';

import resolve from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import * as vite from 'vite';
import webpack from 'webpack';

/**
 * By name, a function that bundles `entry` into the folder `out`, minified as for production; for pages, or for Node.
 */
export const bundlers = {
  async Vite({ root, entry, out, node }) {
    const input = { rollupOptions: { input: entry } };
    // As a library it keeps what the entry exports.
    await vite.build({
      root,
      configFile: false,
      logLevel: 'error',
      build: { ...input, outDir: out, ssr: node, minify: true, modulePreload: false },
      ...(node && { ssr: { noExternal: true } }),
    });
  },

  async webpack({ root, entry, out, node }) {
    const compiler = webpack({
      context: root,
      mode: 'production',
      entry,
      target: node ? 'node20' : 'web',
      experiments: { outputModule: true },
      output: { path: out, filename: 'main.mjs', module: true, library: { type: 'module' } },
      performance: { hints: false },
    });
    const stats = await new Promise((done, failed) => {
      compiler.run((error, stats) => (error ? failed(error) : compiler.close(() => done(stats))));
    });
    const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
    if (errors.length + warnings.length > 0) {
      throw new Error([...errors, ...warnings].map(({ message }) => message).join('\n'));
    }
  },

  async esbuild({ entry, out, node }) {
    const platform = node ? 'node' : 'browser';
    const outfile = `${out}/main.mjs`;
    const { warnings } = await esbuild.build({ entryPoints: [entry], outfile, platform, bundle: true, format: 'esm', minify: true });
    if (warnings.length > 0) {
      throw new Error(warnings.map(({ text }) => text).join('\n'));
    }
  },

  async Rollup({ entry, out, node }) {
    const bundle = await rollup({
      input: entry,
      external: [...builtinModules, /^node:/],
      plugins: [resolve({ browser: !node, exportConditions: node ? ['node'] : [] })],
      onwarn({ message }) {
        throw new Error(message);
      },
    });
    await bundle.write({ file: `${out}/main.mjs`, format: 'esm' });
    await bundle.close();
  },
};
