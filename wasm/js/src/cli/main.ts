// The command line of the package: `npx sigpost COMMAND`. Each command is a file; this one only chooses. Its words are
// those of the binary `sigpost`, where that has the same command.
//
// Exit codes: 0 done, 1 no (a signature does not verify, a port is taken), 2 wrong usage.

import { readFileSync } from 'node:fs';

import { VerificationError } from '../index.js';
import { explainCommand } from './explain.js';
import { listenCommand } from './listen.js';
import { Failed, Usage, parse } from './options.js';
import type { Command } from './options.js';
import { printable } from './text.js';
import { verifyCommand } from './verify.js';

const COMMANDS: Readonly<Record<string, Command>> = {
  listen: listenCommand,
  verify: verifyCommand,
  explain: explainCommand,
};

const HELP = `Verifies webhooks, and says why a signature does not match.

Usage: sigpost COMMAND [OPTIONS]

Commands:
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
  .join('\n')}

Examples:
  npx sigpost listen --scheme immuta --secret-file s --port 9000
  npx sigpost verify --scheme immuta --secret-file s -H 'x-immuta-webhook-signature-sha256: …' < body.json
  npx sigpost explain --scheme immuta --secret-file s -H 'x-immuta-webhook-signature-sha256: …' < body.json

'sigpost COMMAND --help' shows its options.
`;

async function run([name, ...rest]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (name === '--version' || name === '-V') {
    const described = readFileSync(new URL('package.json', import.meta.url), 'utf8');
    process.stdout.write(`sigpost ${(JSON.parse(described) as { version: string }).version}\n`);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name ?? ''] : undefined;
  if (!command) {
    const wrong = name === undefined ? 'name a command' : `there is no command '${name}'`;
    throw new Usage(`${wrong}; there are ${Object.keys(COMMANDS).join(', ')}: see 'sigpost --help'`);
  }
  const given = parse(name ?? '', command, rest);
  if (given.has('help')) {
    process.stdout.write(command.help);
    return 0;
  }
  return command.run(given);
}

function codeOf(error: unknown): number {
  if (error instanceof Usage || error instanceof Failed || error instanceof VerificationError) {
    process.stderr.write(`sigpost: ${printable(error.message)}\n`);
    // What verifying says of its own arguments, as of a scheme or a secret, is about the options given here.
    const failed = error instanceof Failed || (error instanceof VerificationError && error.code === 'internal');
    return failed ? 1 : 2;
  }
  throw error;
}

for (const stream of [process.stdout, process.stderr]) {
  // Who closes a pipe has read enough: what was found still decides how this ends.
  stream.on('error', () => {});
}
process.exitCode = await run(process.argv.slice(2)).catch(codeOf);
