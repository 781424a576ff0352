// Bytes as a text that stays small when a page is compressed. Base64 does not: it tears bytes apart, so that gzip finds
// fewer repetitions in it, and the package would be a third larger on its way.
//
// The 87 most frequent bytes are one character each, the others two. Characters are printable ASCII that no kind of
// string literal has to escape, nor a script within a page. In front stands which bytes the frequent ones are: what
// each adds to the one before. `src/instance.ts` reads it.

const ALPHABET = [...Array(95).keys()].map((at) => String.fromCharCode(32 + at)).filter((char) => !'"\'`\\$<'.includes(char));
/** Begin two characters. */
const SHIFTS = 2;
const FREQUENT = ALPHABET.length - SHIFTS;

/** The text of bytes. */
export function toText(bytes) {
  const counts = new Map([...Array(256).keys()].map((byte) => [byte, 0]));
  bytes.forEach((byte) => counts.set(byte, counts.get(byte) + 1));
  const byCount = [...counts].sort(([, a], [, b]) => b - a).map(([byte]) => byte);
  const ascending = (list) => [...list].sort((a, b) => a - b);
  const [frequent, others] = [ascending(byCount.slice(0, FREQUENT)), ascending(byCount.slice(FREQUENT))];
  const written = Array(256);
  frequent.forEach((byte, at) => (written[byte] = ALPHABET[SHIFTS + at]));
  others.forEach((byte, at) => (written[byte] = ALPHABET[Math.floor(at / ALPHABET.length)] + ALPHABET[at % ALPHABET.length]));
  const steps = frequent.map((byte, at) => byte - (frequent[at - 1] ?? -1) - 1);
  if (steps.some((step) => step >= ALPHABET.length)) {
    throw new Error('the frequent bytes lie too far apart to be written');
  }
  return steps.map((step) => ALPHABET[step]).join('') + [...bytes].map((byte) => written[byte]).join('');
}
