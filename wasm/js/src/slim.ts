/**
 * All of `sigpost` without the WebAssembly inside: for those who serve, cache or compile the modules themselves.
 *
 * @packageDocumentation
 */

import { own } from './inputs.js';
import { fill } from './slots.js';
import type { ModuleName } from './slots.js';

export * from './index.js';
export type { ModuleName } from './slots.js';

/**
 * A module, or its bytes. TypeScript takes anything for a module; an object at least it must be.
 *
 * @example
 * ```js
 * import { readFileSync } from 'node:fs';
 * import { initSync, sign, verify } from 'sigpost/slim';
 *
 * const bytes = readFileSync(new URL(import.meta.resolve('sigpost/verify.wasm')));
 * initSync({ verify: new WebAssembly.Module(bytes) });
 * verify('qlik', 'secret', sign('qlik', 'secret', { body: '[]' }), '[]').event; // []
 * ```
 */
export type ModuleSource = (WebAssembly.Module & object) | BufferSource;

/**
 * Where a module comes from: itself, its bytes, a response with them, or their URL.
 *
 * @example
 * ```js
 * import { readFileSync } from 'node:fs';
 * import { canonicalize, init } from 'sigpost/slim';
 *
 * // As a cache keeps it.
 * const bytes = readFileSync(new URL(import.meta.resolve('sigpost/canonical.wasm')));
 * await init({ canonical: new Response(bytes, { headers: { 'content-type': 'application/wasm' } }) });
 * canonicalize('[1.0]'); // '[1]'
 * ```
 */
export type ModuleOrigin = ModuleSource | Response | URL | string;

const NAMES = { verify: 0, sha512: 0, canonical: 0, explain: 0 } satisfies Record<ModuleName, 0>;

/**
 * Makes the modules ready, at once. Name those you need: `verify` to verify and sign (with `sha512` for schemes by
 * HMAC-SHA512), `canonical` to canonicalise, `explain` to explain.
 *
 * @example
 * ```js
 * import { readFileSync } from 'node:fs';
 * import { canonicalize, initSync } from 'sigpost/slim';
 *
 * initSync({ canonical: readFileSync(new URL(import.meta.resolve('sigpost/canonical.wasm'))) });
 * canonicalize('[1.0]'); // '[1]'
 * ```
 */
export function initSync(modules: { readonly [name in ModuleName]?: ModuleSource }): void {
  for (const [name, source] of given(modules)) {
    fill(name, fitting(name, source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source)));
  }
}

/**
 * Makes the modules ready, without blocking: fetches what is a URL (in Node a `file:` URL is read), waits for what is a
 * promise, compiles a response while it comes.
 *
 * @example
 * ```js
 * import { init, verify, sign } from 'sigpost/slim';
 *
 * await init({ verify: import.meta.resolve('sigpost/verify.wasm') });
 * verify('qlik', 'secret', sign('qlik', 'secret', { body: '[]' }), '[]').event; // []
 * ```
 */
export async function init(modules: {
  readonly [name in ModuleName]?: ModuleOrigin | PromiseLike<ModuleOrigin>;
}): Promise<void> {
  await Promise.all(
    given(modules).map(async ([name, origin]) => {
      fill(name, fitting(name, await load(name, await origin)));
    }),
  );
}

/** What a module exports that is that module. */
const EXPORTS = { verify: 'judge', sha512: 'judge', canonical: 'canonicalize', explain: 'explain' } satisfies Record<ModuleName, string>;

function fitting(name: ModuleName, module: WebAssembly.Module): WebAssembly.Module {
  if (!WebAssembly.Module.exports(module).some((exported) => exported.name === EXPORTS[name])) {
    throw new TypeError(`what was given for the module '${name}' is another: give what sigpost/${name}.wasm holds`);
  }
  return module;
}

/** The modules that were named, each with what was given for it. */
function given<Origin>(modules: { readonly [name in ModuleName]?: Origin }): [ModuleName, Origin][] {
  return (Object.entries(own('the set of modules', modules, NAMES)) as [ModuleName, Origin | undefined][]).map(([name, origin]) => {
    if (origin === undefined || origin === null) {
      throw new TypeError(`the module '${name}' is ${origin}: give a WebAssembly.Module, its bytes, a Response or a URL`);
    }
    return [name, origin];
  });
}

async function load(name: ModuleName, origin: ModuleOrigin): Promise<WebAssembly.Module> {
  if (origin instanceof WebAssembly.Module) {
    return origin;
  }
  if (typeof origin === 'string' || origin instanceof URL) {
    return load(name, await open(String(origin)));
  }
  if (!(origin instanceof Response)) {
    return WebAssembly.compile(origin);
  }
  if (!origin.ok) {
    throw new Error(`the module '${name}' did not come: ${origin.status} from ${origin.url}`);
  }
  // Compiling as it comes wants this type, which not every server sends.
  return origin.headers.get('content-type')?.startsWith('application/wasm') && WebAssembly.compileStreaming
    ? WebAssembly.compileStreaming(origin)
    : WebAssembly.compile(await origin.arrayBuffer());
}

interface Host {
  process?: { getBuiltinModule?(name: 'node:fs/promises'): FileSystem | undefined };
}
interface FileSystem {
  readFile(url: URL): Promise<BufferSource>;
}

/** Node's `fetch` reads no files; an import of its file system would stop bundlers for the browser. */
async function open(url: string): Promise<Response | BufferSource> {
  const files = url.startsWith('file:') ? (globalThis as Host).process?.getBuiltinModule?.('node:fs/promises') : undefined;
  return files ? files.readFile(new URL(url)) : fetch(url);
}
