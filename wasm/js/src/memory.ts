// The memory of modules whose memory grows.

import type { Instance, Memory } from './instance.js';

let last = new Uint8Array(0);

/** The memory of an instance, as it is now: growing it replaces the view. */
export function memoryOf({ memory }: Memory): Uint8Array<ArrayBuffer> {
  if (last.buffer !== memory.buffer) {
    last = new Uint8Array(memory.buffer as ArrayBuffer);
  }
  return last;
}

/** Gives memory back where it is more than `most` bytes. A module's memory never shrinks, so the instance goes too. */
export function trim(instance: Instance<Memory>, most: number): void {
  if (instance.exports && instance.exports.memory.buffer.byteLength > most) {
    instance.discard();
    last = new Uint8Array(0);
  }
}
