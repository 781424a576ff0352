// What the browser may do for each page, once for all: the build puts it into the documents, so that it holds wherever
// their files lie, and hands it to the server, which sends it with what only a header can say (`server/src/http/pages/`).

/** What neither page ever does. */
const NOTHING = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
];

/** By document. The first text is of the directives that differ. */
export const policies: Readonly<Record<string, string>> = {
  // No connection that a policy can forbid, from the page or from its worker, which is made of a text of the page and so under its policy.
  'index.html': policy("script-src 'self' 'wasm-unsafe-eval'", 'worker-src blob:', 'trusted-types sigpost-worker'),
  'console.html': policy("script-src 'self'", "connect-src 'self'", "trusted-types 'none'"),
};

function policy(...own: string[]): string {
  return [...NOTHING, ...own].join('; ');
}
