// Makes dist/, the package as it is published, from src/ and what `cargo xtask npm` has put into src/generated/.

import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { ascii } from './ascii.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const src = here('src');

/** What users import, each with its source. Whether one needs the variants below is found out. */
const ENTRIES = {
  '.': 'index',
  './verify': 'verify',
  './canonical': 'canonical',
  './explain': 'explain',
  './slim': 'slim',
  // These know a verifier by its shape, and import no module.
  './express': 'adapters/express',
  './fastify': 'adapters/fastify',
  './hono': 'adapters/hono',
  './fetch': 'adapters/fetch',
  './dedupe': 'adapters/dedupe',
};

/**
 * Files of the package beside the entries. Files import each other, so that what they share exists once for `import`
 * and once for `require`; and those without a module stand alone, so that a bundler can leave the module out.
 */
const SHARED = ['full', 'core', 'json', 'sha512', 'error', 'scheme', 'digits', 'inputs', 'bytes'];

const FILES = [...new Set([...Object.values(ENTRIES), ...SHARED])];

/** The entry that is told where its modules come from: it holds all it needs, with nothing in place of them. */
const SLIM = 'slim';

/**
 * By condition, the folder of the files for runtimes that compile no bytes, or only at times, and how these import a
 * module that was compiled for them.
 */
const VARIANTS = {
  workerd: { folder: 'workerd', suffix: '' },
  // Its sandbox throws at whoever looks for the host's crypto.
  'edge-light': { folder: 'edge', suffix: '?module', hostless: true },
};

const common = { bundle: true, platform: 'neutral', target: 'es2022', external: ['node:*'], logLevel: 'warning' };

await rm(here('dist'), { recursive: true, force: true });
await mkdir(here('dist'));
const modulesOf = await findModules();
const withModule = FILES.filter((file) => file !== SLIM && modulesOf.get(file).length > 0);
const modules = [...new Set(withModule.flatMap((file) => modulesOf.get(file)))];
await Promise.all([
  ...['esm', 'cjs'].flatMap((format) => [
    bundle(FILES.filter((file) => file !== SLIM), format, '.', inline),
    bundle([SLIM], format, '.', slots),
  ]),
  ...Object.values(VARIANTS).map(({ folder, ...how }) => bundle(withModule, 'esm', folder, compiled(how))),
  commandLine(),
  ...modules.map((module) => copyFile(here(`src/generated/${module}.wasm`), here(`dist/${module}.wasm`))),
  writeFile(here('dist/module.d.ts'), 'declare const module: WebAssembly.Module;\nexport default module;\n'),
]);
declare();
await declareForRequire();
await describe();
await copyFile(here('../README.md'), here('dist/README.md'));
for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) {
  await copyFile(here(`../../${licence}`), here(`dist/${licence}`));
}

/** The modules that each file needs, itself or through others. */
async function findModules() {
  const found = FILES.map(async (file) => {
    const { metafile } = await build({
      ...common,
      entryPoints: [`${src}/${file}.ts`],
      // No more is asked than what is left when the rest is dropped.
      treeShaking: true,
      format: 'esm',
      external: [...common.external, '*.wasm'],
      metafile: true,
      write: false,
      outdir: here('dist'),
    });
    const [{ imports }] = Object.values(metafile.outputs);
    return [file, imports.map(({ path }) => path).filter((path) => path.endsWith('.wasm')).map((path) => basename(path, '.wasm'))];
  });
  return new Map(await Promise.all(found));
}

/** Bundles files into a folder of the package; `wasm` says what an import of a module is there. */
function bundle(files, format, folder, wasm) {
  const extension = format === 'esm' ? '.js' : '.cjs';
  const siblings = {
    name: 'siblings',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir, kind }) => {
        const file = relative(src, join(resolveDir, path)).replace(/\.js$/, '');
        // What has a module is of the same folder, and slim has its own; what has none exists once.
        const shared = FILES.includes(file) && (!withModule.includes(file) || !files.includes(SLIM));
        if (kind === 'entry-point' || !shared) {
          return undefined;
        }
        const up = folder === '.' || withModule.includes(file) ? './' : '../';
        return { path: `${up}${basename(file)}${extension}`, external: true, sideEffects: false };
      });
    },
  };
  return build({
    ...common,
    entryPoints: files.map((file) => ({ in: `${src}/${file}.ts`, out: basename(file) })),
    outdir: here(`dist/${folder}`),
    outExtension: { '.js': extension },
    format,
    minify: true,
    // Keeps the modules' bytes on lines of their own, which a trace of the code does not show.
    lineLimit: 160,
    plugins: [siblings, { name: 'wasm', setup: wasm }],
  });
}

/** The bytes themselves, as a text: nothing to serve, nothing to find. */
function inline({ onLoad }) {
  onLoad({ filter: /\.wasm$/ }, async ({ path }) => ({ contents: ascii(await readFile(path)), loader: 'text' }));
}

/** What was given to `init`. */
function slots({ onResolve, onLoad }) {
  onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: basename(path, '.wasm'), namespace: 'slot' }));
  onLoad({ filter: /.*/, namespace: 'slot' }, ({ path }) => ({
    contents: `import { slot } from './slots.js'; export default slot('${path}');`,
    resolveDir: src,
  }));
}

/** The file itself: the runtime, or the bundler for it, makes a module of it. */
function compiled({ suffix, hostless }) {
  return ({ onResolve }) => {
    if (hostless) {
      onResolve({ filter: /^\.\/host\.js$/ }, () => ({ path: `${src}/hostless.ts` }));
    }
    onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: `../${basename(path)}${suffix}`, external: true }));
  };
}

/** `npx sigpost`: one file over the package's entry. */
function commandLine() {
  const entry = {
    name: 'entry',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path: './index.js', external: true }));
    },
  };
  return build({
    entryPoints: [here('src/cli/main.ts')],
    outfile: here('dist/cli.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    banner: { js: '#!/usr/bin/env node' },
    plugins: [entry],
    logLevel: 'warning',
  });
}

/** Types, checked while they are written; those of the command line, which nobody imports, are only checked. */
function declare() {
  for (const project of ['tsconfig.json', 'src/cli/tsconfig.json']) {
    execFileSync(process.execPath, [here('node_modules/typescript/bin/tsc'), '-p', here(project)], { stdio: 'inherit' });
  }
}

/** The same types for `require`, whose files have another name. */
async function declareForRequire() {
  for (const file of await readdir(here('dist'), { recursive: true })) {
    if (file.endsWith('.d.ts')) {
      const types = await readFile(here(`dist/${file}`), 'utf8');
      const named = types.replaceAll(/(from '|import\(")(\.\.?\/[^'"]+)\.js/g, '$1$2.cjs');
      await writeFile(here(`dist/${file.replace(/\.d\.ts$/, '.d.cts')}`), named);
    }
  }
}

async function describe() {
  const { devDependencies, private: _private, ...shown } = JSON.parse(await readFile(here('package.json'), 'utf8'));
  const at = (file, extension, folder = '.') => ({
    types: `./${file}${extension === '.js' ? '.d.ts' : '.d.cts'}`,
    default: `./${join(folder, basename(file))}${extension}`,
  });
  const variants = (file) =>
    Object.entries(VARIANTS).map(([condition, { folder }]) => [condition, at(file, '.js', folder)]);
  const entry = (file) => ({
    ...Object.fromEntries(withModule.includes(file) ? variants(file) : []),
    node: { import: at(file, '.js'), require: at(file, '.cjs') },
    // Beyond Node, too: Jest requires for a browser.
    require: at(file, '.cjs'),
    default: at(file, '.js'),
  });
  // As runtimes and bundlers see it that make a module of what is imported.
  const wasm = (module) => ({ types: './module.d.ts', default: `./${module}.wasm` });
  const described = {
    ...shown,
    exports: {
      ...Object.fromEntries(Object.entries(ENTRIES).map(([path, file]) => [path, entry(file)])),
      ...Object.fromEntries(modules.map((module) => [`./${module}.wasm`, wasm(module)])),
      './package.json': './package.json',
    },
    // For tools that do not know `exports`.
    main: './index.cjs',
    module: './index.js',
    types: './index.d.ts',
    bin: { sigpost: './cli.js' },
    sideEffects: false,
  };
  await writeFile(here('dist/package.json'), `${JSON.stringify(described, null, 2)}\n`);
}
