import { VerificationError, Verifier } from '../index.js';
import { MAX_BODY, SIGNING, SIGNING_HELP, stdin } from './options.js';
import type { Command, Given } from './options.js';
import { printable } from './text.js';

/** `sigpost verify`. */
export const verifyCommand: Command = {
  summary: 'Verify a body from stdin: exit 0 if it is genuine, 1 if not',
  help: `Verify a body from stdin: exit 0 if it is genuine, 1 if not

Usage: sigpost verify [OPTIONS]

Options:
${SIGNING_HELP}\
  -H, --header <NAME: VALUE>  A header of the request, like 'x-immuta-webhook-signature-sha256: …'
      --now <NOW>             The time to judge ages by, in seconds since 1970 [default: now]
  -h, --help                  Print help

Examples:
  npx sigpost verify --scheme qlik --secret-file s -H 'qlik-signature: …' < body.json
  SIGPOST_SECRET=… npx sigpost verify --scheme github -H 'x-hub-signature-256: …' < body.json
`,
  options: { ...SIGNING, header: 'value', now: 'value' },
  run,
};

async function run(given: Given): Promise<number> {
  const headers = given.headers();
  const verifier = new Verifier(given.scheme(), given.secrets(), { now: given.clock(), maxBytes: MAX_BODY });
  try {
    verifier.verify(headers, await stdin());
    process.stdout.write('genuine\n');
    return 0;
  } catch (error) {
    if (!(error instanceof VerificationError) || error.fault === 'receiver') {
      throw error;
    }
    process.stderr.write(`not genuine: ${printable(error.message)} (${error.code})\n`);
    return 1;
  } finally {
    verifier.dispose();
  }
}
