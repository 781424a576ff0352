// A module's bytes out of the text that build.mjs made of them, see ascii.mjs.

/** Values from here on say how often this is to be added to what follows. */
const HIGH = 90;

/** The bytes of a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let more = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // From # to ~, with ! in the place of the backslash.
    const value = code === 33 ? 57 : code - 35;
    if (value < HIGH) {
      const whole = more + value;
      // As it is but for the opcodes from 0x6a on, which have changed places with what is met less.
      bytes[length++] = whole < 66 || whole > 129 ? whole : whole < 90 ? whole + 40 : whole - 24;
      more = 0;
    } else {
      more = (value - HIGH + 1) * HIGH;
    }
  }
  return bytes.subarray(0, length);
}
