// What counts as bytes, and how many a text has, everywhere alike.

// What these getters say holds in any realm, and no object can pretend it: they look at what the engine keeps.
const typed = Object.getPrototypeOf(Uint8Array.prototype) as object;
const kind = getter(typed, Symbol.toStringTag);
const buffer = getter(typed, 'buffer');
const offset = getter(typed, 'byteOffset');
const length = getter(typed, 'byteLength');
const size = getter(ArrayBuffer.prototype, 'byteLength');

function getter(prototype: object, name: PropertyKey): (of: unknown) => unknown {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as () => unknown;
  return (of) => get.call(of);
}

/**
 * A view of a `Uint8Array` or `ArrayBuffer` of any realm (a frame, `node:vm`, a test runner), which no subclass can
 * meddle with; undefined for anything else. Bytes that were transferred away look empty, but to view them is a TypeError.
 */
export function viewOf(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (kind(value) === 'Uint8Array') {
    return new Uint8Array(buffer(value) as ArrayBuffer, offset(value) as number, length(value) as number);
  }
  return isArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

/** Whether it is memory that no other thread can write to. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    size(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * Bytes that can be erased, and what they begin with. A short array without a buffer of its own would be moved by whoever
 * collects garbage, and what it held stay behind.
 */
export function fresh(length: number, from: ArrayLike<number> = []): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(length));
  bytes.set(from);
  return bytes;
}

/** The length of a text in bytes of UTF-8. Half a surrogate pair has three, as what is written for it. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
