/** Puts a text on the clipboard. Whether that worked: a browser allows it on secure origins and loopback only. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
