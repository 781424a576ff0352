/** Variables that are set for one command. */
const SET = /^(?:[A-Za-z_]\w*=(?:'[^']*'|"[^"]*"|[^\s'"])*[ \t]+)*/;

/** Whether a text is a command that starts curl: by itself, with variables set for it, or behind a pipe. */
export function isCurl(source: string): boolean {
  const start = source.slice(0, 8192).replace(/^\s*(?:[$%>#]\s+)?/, '').replace(SET, '');
  return /^(?:[^\s'"{}:]*[\\/])?curl(?:\.exe)?(?:\s|\^|$)/i.test(start) || /^(?:printf|echo|cat|base64)\b[^]*\|\s*curl\s/.test(source);
}
