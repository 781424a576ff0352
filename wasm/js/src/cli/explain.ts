import { explain } from '../index.js';
import { MAX_BODY, SIGNING, SIGNING_HELP, secretIn, stdin } from './options.js';
import type { Command, Given } from './options.js';
import { advice, printable } from './text.js';

/** `sigpost explain`. */
export const explainCommand: Command = {
  summary: 'Say why a signature does not match: exit 0 if it does, 1 if not',
  help: `Say why a signature does not match: exit 0 if it does, 1 if not

Give the request's headers with -H and its body on stdin, as your program has it. Each mistake that is named is proven:
with it undone, the signature is right. Nothing is sent anywhere.

Usage: sigpost explain [OPTIONS]

Options:
${SIGNING_HELP}\
      --other-secret-file <FILE>
                              A file that holds the secret of another webhook, which may have been confused with this one's
  -H, --header <NAME: VALUE>  A header of the request; give all of them, content-length and content-encoding too
      --now <NOW>             The time to judge ages by, in seconds since 1970 [default: now]
  -h, --help                  Print help

Examples:
  npx sigpost explain --scheme qlik --secret-file s -H 'qlik-signature: …' < body.json
  npx sigpost explain --scheme github --secret-file s --other-secret-file t -H 'x-hub-signature-256: …' < body
`,
  options: { ...SIGNING, 'other-secret-file': 'value', header: 'value', now: 'value' },
  run,
};

async function run(given: Given): Promise<number> {
  const [scheme, secrets, headers, now] = [given.scheme(), given.secrets(), given.headers(), given.clock()];
  const otherSecrets = given.all('other-secret-file').map(secretIn);
  const explanation = explain(scheme, secrets, headers, await stdin(), { otherSecrets, now, maxBytes: MAX_BODY });
  if (explanation.verdict === 'genuine') {
    process.stdout.write('genuine\n');
    return 0;
  }
  const { message, code } = explanation;
  process.stdout.write(`not genuine: ${printable(message)} (${code})\n${advice(explanation)}`);
  return 1;
}
