// What the slim entry has in place of each module: what `init` or `initSync` was given for it.

/**
 * The modules of the package, by the names of their files.
 *
 * @example
 * ```ts
 * import { init, type ModuleName } from 'sigpost/slim';
 *
 * const served = (name: ModuleName): URL => new URL(`/assets/${name}.wasm`, location.href);
 *
 * await init({ verify: served('verify'), canonical: served('canonical') });
 * ```
 */
export type ModuleName = 'verify' | 'sha512' | 'canonical' | 'explain';

const modules: { [name in ModuleName]?: WebAssembly.Module } = {};
const taken = new Set<ModuleName>();

/** Puts a module where {@link slot} finds it. One that is in use stays. */
export function fill(name: ModuleName, module: WebAssembly.Module): void {
  if (taken.has(name) && modules[name] !== module) {
    throw new Error(`the module '${name}' is in use already: give it once, before anything that needs it`);
  }
  modules[name] = module;
}

/** What stands for the module called `name` until it is there. */
export const slot = (name: ModuleName) => (): WebAssembly.Module => {
  const module = modules[name];
  if (!module) {
    throw new Error(
      `sigpost/slim has no module '${name}' yet: call init({ ${name}: … }) or initSync({ ${name}: … }) with what ` +
        `sigpost/${name}.wasm holds, before anything that needs it`,
    );
  }
  taken.add(name);
  return module;
};
