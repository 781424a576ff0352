// A WebAssembly module that is compiled at import and instantiated at once, without a call to make it ready.

import { bytesOf } from './ascii.js';

/**
 * What importing a `.wasm` file gives, which is settled when the package is built: the bytes as a text, inline; the
 * module, where the runtime compiles such imports itself and nothing else; in the slim entry what was given to `init`.
 */
export type Source = string | WebAssembly.Module | (() => WebAssembly.Module);

const REFUSED =
  "WebAssembly cannot be compiled here: a page needs 'wasm-unsafe-eval' in its Content-Security-Policy, " +
  'an edge runtime the condition workerd or edge-light';

function compile(source: Source): WebAssembly.Module {
  if (typeof source !== 'string') {
    return typeof source === 'function' ? source() : source;
  }
  try {
    return new WebAssembly.Module(bytesOf(source));
  } catch (error) {
    throw new Error(REFUSED, { cause: error });
  }
}

/** What every module exports. */
export interface Memory {
  readonly memory: WebAssembly.Memory;
}

/** What is particular to a module. */
interface Settings {
  /** What an instance held that is lost is erased. */
  readonly secret?: boolean;
  /** Nothing is compiled before the first call. */
  readonly lazy?: boolean;
  /** What it calls. */
  readonly imports?: WebAssembly.Imports;
}

/** Thrown when a call into the module ended in a trap: the instance is gone, and the next call has a new one. */
export class Trap extends Error {
  override readonly name = 'Trap';
}

/**
 * The instance of a module, replaced when it traps: after a trap nobody knows what its memory holds, so nothing in it
 * is used again.
 */
export class Instance<Exports extends Memory> {
  readonly #source: Source;
  readonly #settings: Settings;
  #module: WebAssembly.Module | undefined;
  /** What there is at present. */
  exports: Exports | undefined;
  /** Counts instances, so that whoever keeps something in one notices that it is gone. */
  generation = 0;

  constructor(source: Source, settings: Settings = {}) {
    this.#source = source;
    this.#settings = settings;
    if (settings.lazy || typeof source === 'function') {
      return;
    }
    try {
      // At import: some runtimes forbid compiling later.
      this.exports = this.#instantiate();
    } catch {
      // A page that may not compile has other things to show: the first call tries again, and says why it cannot.
    }
  }

  /** Calls `use` with the exports. Whatever it throws that is no failure of ours is a trap. */
  call<Result>(use: (exports: Exports) => Result): Result {
    const exports = (this.exports ??= this.#instantiate());
    try {
      return use(exports);
    } catch (error) {
      this.discard();
      if (this.#settings.secret) {
        new Uint8Array(exports.memory.buffer).fill(0);
      }
      throw new Trap('the WebAssembly instance failed', { cause: error });
    }
  }

  /** Lets the instance go: the next call has a new one. */
  discard(): void {
    this.exports = undefined;
    this.generation += 1;
  }

  #instantiate(): Exports {
    this.#module ??= compile(this.#source);
    return new WebAssembly.Instance(this.#module, this.#settings.imports).exports as unknown as Exports;
  }
}
