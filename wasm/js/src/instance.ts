// A WebAssembly module that is compiled at import and instantiated at once, without a call to make it ready.

/**
 * What importing a `.wasm` file gives, which is settled when the package is built: the bytes as a text, inline; the
 * module, where the runtime compiles such imports itself and nothing else; in the slim entry what was given to `init`.
 */
export type Source = string | WebAssembly.Module | (() => WebAssembly.Module);

const REFUSED =
  "WebAssembly cannot be compiled here. In a page with a Content-Security-Policy, add 'wasm-unsafe-eval' to script-src; " +
  'in an edge runtime, bundle with its condition (workerd, edge-light), or give sigpost/slim the compiled modules.';

function compile(source: Source): WebAssembly.Module {
  if (typeof source !== 'string') {
    return typeof source === 'function' ? source() : source;
  }
  try {
    return new WebAssembly.Module(decode(source));
  } catch (error) {
    throw new Error(REFUSED, { cause: error });
  }
}

/** Reads the text that `text.mjs` wrote: which bytes are one character each, then the bytes. */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const digits: number[] = [];
  let size = 0;
  for (let code = 32; code < 127; code += 1) {
    digits[code] = size;
    size += '"\'`\\$<'.includes(String.fromCharCode(code)) ? 0 : 1;
  }
  let at = 0;
  const next = (): number => digits[text.charCodeAt(at++)] as number;
  const frequent: number[] = [];
  const others: number[] = [];
  let step = next();
  for (let byte = 0; byte < 256; byte += 1) {
    if (step > 0) {
      others.push(byte);
      step -= 1;
    } else {
      frequent.push(byte);
      step = frequent.length < size - 2 ? next() : 256;
    }
  }
  const bytes: number[] = [];
  while (at < text.length) {
    const digit = next();
    bytes.push((digit < 2 ? others[digit * size + next()] : frequent[digit - 2]) as number);
  }
  return Uint8Array.from(bytes);
}

/** What every module exports. */
interface Memory {
  readonly memory: WebAssembly.Memory;
}

/** Thrown when a call into the module ended in a trap: the instance is gone, and the next call has a new one. */
export class Trap extends Error {
  override readonly name = 'Trap';
}

/**
 * The instance of a module, replaced when it traps: after a trap nobody knows what its memory holds, so nothing in it
 * is used again. Also replaced when its memory has become too large.
 */
export class Instance<Exports extends Memory> {
  readonly #source: Source;
  #module: WebAssembly.Module | undefined;
  #exports: Exports | undefined;
  #bytes = new Uint8Array(0);
  /** Counts instances, so that whoever keeps something in one notices that it is gone. */
  generation = 0;

  /** `secret`: what an instance held that is lost is erased. `lazy`: nothing is compiled before the first call. */
  constructor(
    source: Source,
    readonly secret = false,
    lazy = false,
  ) {
    this.#source = source;
    if (lazy || typeof source === 'function') {
      return;
    }
    try {
      // At import: some runtimes forbid compiling later.
      this.#exports = this.#instantiate();
    } catch {
      // A page that may not compile has other things to show: the first call tries again, and says why it cannot.
    }
  }

  /** Calls `use` with the exports. Whatever it throws that is no failure of ours is a trap. */
  call<Result>(use: (exports: Exports) => Result): Result {
    const exports = (this.#exports ??= this.#instantiate());
    try {
      return use(exports);
    } catch (error) {
      this.#discard();
      if (this.secret) {
        new Uint8Array(exports.memory.buffer).fill(0);
      }
      throw new Trap('the WebAssembly instance failed and was discarded', { cause: error });
    }
  }

  /** Gives memory back where it is more than `most` bytes. A module's memory never shrinks, so the instance goes too. */
  trim(most: number): void {
    if (this.#exports && this.#exports.memory.buffer.byteLength > most) {
      this.#discard();
    }
  }

  /** The module's memory, as it is now: growing it replaces the view. */
  bytes(exports: Exports): Uint8Array<ArrayBuffer> {
    if (this.#bytes.buffer !== exports.memory.buffer) {
      this.#bytes = new Uint8Array(exports.memory.buffer as ArrayBuffer);
    }
    return this.#bytes;
  }

  #discard(): void {
    this.#exports = undefined;
    this.#bytes = new Uint8Array(0);
    this.generation += 1;
  }

  #instantiate(): Exports {
    const { exports } = new WebAssembly.Instance((this.#module ??= compile(this.#source)));
    return exports as unknown as Exports;
  }
}
