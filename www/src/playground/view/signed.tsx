export function Signed() {
  return null;
}
