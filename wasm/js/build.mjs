// Makes dist/, the package as it is published, from src/ and what `cargo xtask npm` has put into src/generated/.

import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

/**
 * The files of the package. They import each other, so that what they share exists once for `import` and once for
 * `require`; `exports` names three.
 */
const FILES = ['index', 'verify', 'canonical', 'full', 'core', 'json', 'sha512'];
const ENTRIES = { '.': 'index', './verify': 'verify', './canonical': 'canonical' };

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await rm(here('dist'), { recursive: true, force: true });
await mkdir(here('dist'));
await Promise.all([bundle('esm', '.js'), bundle('cjs', '.cjs')]);
declare();
await declareForRequire();
await describe();
await copyFile(here('../README.md'), here('dist/README.md'));
for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) {
  await copyFile(here(`../../${licence}`), here(`dist/${licence}`));
}

function bundle(format, extension) {
  const siblings = {
    name: 'siblings',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\// }, ({ path, kind }) => {
        const name = path.slice(2).replace(/\.js$/, '');
        return kind !== 'entry-point' && FILES.includes(name)
          ? { path: `./${name}${extension}`, external: true }
          : undefined;
      });
    },
  };
  return build({
    entryPoints: FILES.map((name) => ({ in: here(`src/${name}.ts`), out: name })),
    outdir: here('dist'),
    outExtension: { '.js': extension },
    bundle: true,
    format,
    platform: 'neutral',
    target: 'es2022',
    minify: true,
    // Keeps the modules' bytes on lines of their own, which a trace of the code does not show.
    lineLimit: 160,
    loader: { '.wasm': 'base64' },
    plugins: [siblings],
    logLevel: 'warning',
  });
}

/** Types, checked while they are written. */
function declare() {
  execFileSync(process.execPath, [here('node_modules/typescript/bin/tsc'), '-p', here('tsconfig.json')], {
    stdio: 'inherit',
  });
}

/** The same types for `require`, whose files have another name. */
async function declareForRequire() {
  for (const file of await readdir(here('dist'), { recursive: true })) {
    if (file.endsWith('.d.ts')) {
      const types = await readFile(here(`dist/${file}`), 'utf8');
      const named = types.replaceAll(/(from '|import\(")(\.\/[^'"]+)\.js/g, '$1$2.cjs');
      await writeFile(here(`dist/${file.replace(/\.d\.ts$/, '.d.cts')}`), named);
    }
  }
}

async function describe() {
  const { devDependencies, private: _private, ...shown } = JSON.parse(await readFile(here('package.json'), 'utf8'));
  const at = (name, extension) => ({
    types: `./${name}${extension === '.js' ? '.d.ts' : '.d.cts'}`,
    default: `./${name}${extension}`,
  });
  const entry = (name) => ({
    node: { import: at(name, '.js'), require: at(name, '.cjs') },
    default: at(name, '.js'),
  });
  const exports = Object.fromEntries(Object.entries(ENTRIES).map(([path, name]) => [path, entry(name)]));
  const described = {
    ...shown,
    exports: { ...exports, './package.json': './package.json' },
    // For tools that do not know `exports`.
    main: './index.cjs',
    module: './index.js',
    types: './index.d.ts',
    sideEffects: false,
  };
  await writeFile(here('dist/package.json'), `${JSON.stringify(described, null, 2)}\n`);
}
