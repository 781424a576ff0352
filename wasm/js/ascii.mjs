// Bytes as text that is ASCII and compresses as well as they do: one character for most, two for the others. In base64
// the same bytes look different at each of three places, so what a compressor could find again it cannot: a module that
// takes 10.2 KB gzipped takes 13.8 KB as base64 and 10.3 KB like this. src/ascii.ts reads it.

/** The characters in order: from # to ~, with ! in the place of the backslash. None means anything in a string. */
const CHARACTERS = Array.from({ length: 92 }, (_, value) => String.fromCharCode(value + 35).replace('\\', '!'));
/** Values from here on say how often this is to be added to what follows. */
const HIGH = 90;

/** From 0x6a, add, on are the opcodes of arithmetic: with them the bytes below 90 change places that are met less. */
const value = (byte) => (byte >= 106 && byte < 130 ? byte - 40 : byte >= 66 && byte < 106 ? byte + 24 : byte);

/** The text of some bytes. */
export function ascii(bytes) {
  let text = '';
  for (const byte of bytes) {
    const times = Math.floor(value(byte) / HIGH);
    text += (times > 0 ? CHARACTERS[HIGH + times - 1] : '') + CHARACTERS[value(byte) % HIGH];
  }
  return text;
}
