// A program that receives webhooks of the scheme at hand, for the framework somebody uses. Whatever a scheme holds, which
// may have come with a stranger's link, stands in it as texts.

import type { PresetName, Scheme } from 'sigpost';

import { literal, valueLiteral } from './literal';

export type Target = 'express' | 'fastify' | 'nextjs' | 'workers' | 'node';

export interface ReceiverOptions {
  /** In seconds; `null` for any age; the scheme's unless said. */
  readonly tolerance?: number | null;
  readonly body?: 'raw' | 'canonical';
  readonly standardWebhooks?: 'required';
}

export interface Receiver {
  /** Where the program belongs. */
  readonly file: string;
  readonly code: string;
  /** What to run before, and to run it, a line for a shell each. */
  readonly install: string;
  readonly run: string;
}

export const targets: Readonly<Record<Target, string>> = {
  express: 'Express',
  fastify: 'Fastify',
  nextjs: 'Next.js',
  workers: 'Cloudflare Workers',
  node: 'Node.js',
};

/** The program. It answers 401 to what is not genuine, and its secret is in the environment as `WEBHOOK_SECRET`. */
export function receiver(target: Target, scheme: PresetName | Scheme, options: ReceiverOptions = {}): Receiver {
  const custom = typeof scheme === 'object' ? `const scheme = ${valueLiteral(dataOf(scheme))};\n\n` : '';
  const name = typeof scheme === 'object' ? 'scheme' : literal(scheme);
  const chosen = optionsOf(options);
  const verifier = (secret: string) => `new Verifier(${name}, ${secret}${chosen === '' ? '' : `, ${chosen}`})`;
  return WRITERS[target](custom, verifier);
}

/** What a scheme is made of, in the order in which it is documented, and nothing besides. */
function dataOf(scheme: Scheme): Scheme {
  const { name, header, algorithm, encoding, prefix, separator, signed, idHeader, timestampHeader, timestampPrefix, weakerHeader, tolerance, body, key } = scheme;
  const members = { name, header, algorithm, encoding, prefix, separator, signed, idHeader, timestampHeader, timestampPrefix, weakerHeader, tolerance, body, key };
  // Those that are absent are left out, so that it is a scheme again.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as unknown as Scheme;
}

function optionsOf({ tolerance, body, standardWebhooks }: ReceiverOptions): string {
  const chosen = { tolerance, body: body === 'raw' ? undefined : body, standardWebhooks };
  const text = valueLiteral(chosen);
  return text === '{}' ? '' : text;
}

type Writer = (custom: string, verifier: (secret: string) => string) => Receiver;

const RUN = (file: string) => `WEBHOOK_SECRET='…' PORT=3000 node ${file}`;

const WRITERS: Readonly<Record<Target, Writer>> = {
  express: (custom, verifier) => ({
    file: 'receiver.mjs',
    install: 'npm install sigpost express',
    run: RUN('receiver.mjs'),
    code: `import express from 'express';
import { Verifier } from 'sigpost';
import { webhook } from 'sigpost/express';

${custom}const verifier = ${verifier('process.env.WEBHOOK_SECRET')};

const app = express();
app.post('/hooks', webhook(verifier, async ({ event }) => {
  console.log(event);
}));
app.listen(process.env.PORT ?? 3000);
`,
  }),
  fastify: (custom, verifier) => ({
    file: 'receiver.mjs',
    install: 'npm install sigpost fastify',
    run: RUN('receiver.mjs'),
    code: `import fastify from 'fastify';
import { Verifier } from 'sigpost';
import { webhook } from 'sigpost/fastify';

${custom}const verifier = ${verifier('process.env.WEBHOOK_SECRET')};

const app = fastify();
app.register(webhook(verifier, async ({ event }) => {
  console.log(event);
}), { prefix: '/hooks' });
await app.listen({ port: Number(process.env.PORT ?? 3000) });
`,
  }),
  // Where it is built there is no secret, so the verifier is made when the first request comes.
  nextjs: (custom, verifier) => ({
    file: 'app/hooks/route.js',
    install: 'npm install sigpost next react react-dom',
    run: "npx next build && WEBHOOK_SECRET='…' npx next start",
    code: `import { Verifier } from 'sigpost';
import { webhook } from 'sigpost/fetch';

${custom}let receive;

export function POST(request) {
  receive ??= webhook(${verifier('process.env.WEBHOOK_SECRET')}, async ({ event }) => {
    console.log(event);
  });
  return receive(request);
}
`,
  }),
  workers: (custom, verifier) => ({
    file: 'worker.mjs',
    install: 'npm install sigpost wrangler',
    run: 'npx wrangler deploy worker.mjs --name receiver --compatibility-date 2025-06-01 && npx wrangler secret put WEBHOOK_SECRET --name receiver',
    code: `import { Verifier } from 'sigpost';
import { webhook } from 'sigpost/fetch';

${custom}let receive;

export default {
  fetch(request, env) {
    receive ??= webhook(${verifier('env.WEBHOOK_SECRET')}, async ({ event }) => {
      console.log(event);
    });
    return receive(request);
  },
};
`,
  }),
  // What is for Express takes Node's own requests too, reads no more than it should and answers as it should.
  node: (custom, verifier) => ({
    file: 'receiver.mjs',
    install: 'npm install sigpost',
    run: RUN('receiver.mjs'),
    code: `import { createServer } from 'node:http';
import { Verifier } from 'sigpost';
import { webhook } from 'sigpost/express';

${custom}const verifier = ${verifier('process.env.WEBHOOK_SECRET')};

const receive = webhook(verifier, async ({ event }) => {
  console.log(event);
});

const server = createServer((request, response) => {
  receive(request, response, (error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});
server.listen(process.env.PORT ?? 3000);
`,
  }),
};
