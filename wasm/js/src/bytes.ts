// What counts as bytes, everywhere alike.

// What these getters say holds in any realm, and no object can pretend it: they look at what the engine keeps.
const kind = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get;
const size = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get;

/**
 * A view of a `Uint8Array` or `ArrayBuffer` of any realm (a frame, `node:vm`, a test runner), which no subclass can
 * meddle with; undefined for anything else. Bytes that were transferred away look empty, but to view them is a TypeError.
 */
export function viewOf(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (kind?.call(value) === 'Uint8Array') {
    const { buffer, byteOffset, byteLength } = value as Uint8Array<ArrayBuffer>;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  return isArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    size?.call(value);
    return true;
  } catch {
    return false;
  }
}
