import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { VerificationError, Verifier, explain } from '../index.js';
import type { Explanation, PresetName, Verified } from '../index.js';
import { Failed, MAX_BODY, SIGNING, SIGNING_HELP } from './options.js';
import type { Command, Given } from './options.js';
import { advice, printable, shownBody } from './text.js';

/** `sigpost listen`: a receiver that says of every delivery whether it is genuine, and why not. */
export const listenCommand: Command = {
  summary: 'Receive webhooks and say of each whether it is genuine, and if not, why',
  help: `Receive webhooks and say of each whether it is genuine, and if not, why

Answers 204 to a delivery that verifies by every scheme given, and 401 to any other. Several schemes may be given: an
Immuta webhook carries immuta, immuta-sha1 and standard-webhooks. Ctrl-C stops.

Usage: sigpost listen [OPTIONS]

Options:
${SIGNING_HELP}\
      --port <PORT>           The port to listen on; 0 takes a free one [default: 9000]
      --host <HOST>           The address to listen on [default: 127.0.0.1]
      --max-bytes <BYTES>     The longest body; a longer one is answered 413 [default: ${MAX_BODY}]
      --json                  Print a line of JSON for the address, and one for each delivery
  -h, --help                  Print help

Examples:
  npx sigpost listen --scheme immuta --scheme standard-webhooks --secret-file s --port 9000
  SIGPOST_SECRET=… npx sigpost listen --scheme github --port 0 --json
`,
  options: { ...SIGNING, port: 'value', host: 'value', 'max-bytes': 'value', json: 'flag' },
  run,
};

/** How long a sender may take for a request's head, and for all of it, in milliseconds. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 60_000 };

async function run(given: Given): Promise<number> {
  const [port, host] = [given.number('port', 65_535) ?? 9000, given.one('host') ?? '127.0.0.1'];
  const receiver = new Receiver(given);
  const server = createServer(TIMEOUTS, (request, response) => {
    receiver.take(request, response).catch((error: unknown) => {
      // A defect, and the next delivery is to be heard all the same.
      process.stderr.write(`sigpost: a delivery could not be shown: ${printable(String(error))}\n`);
    });
  });
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw new Failed(`cannot listen on ${host}:${port}: ${(error as Error).message}; choose another with --port`);
  }
  const { address, family, port: taken } = server.address() as AddressInfo;
  const listening = `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
  // Before the address is told: who waited for it may end this at once.
  const end = stopped(server);
  process.stdout.write(
    receiver.json ? `${JSON.stringify({ listening })}\n` : `listening on ${listening}; Ctrl-C stops\n`,
  );
  await end;
  receiver.dispose();
  return 0;
}

/** Until a signal comes, or nobody reads any more. */
async function stopped(server: Server): Promise<void> {
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, stop);
  }
  process.stdout.once('error', stop);
  try {
    await once(server, 'close');
  } catch (error) {
    throw new Failed(`cannot listen any longer: ${(error as Error).message}`);
  }
}

/** A request as far as it is kept: of a body that is too long nothing but its length. */
interface Delivery {
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly length: number;
}

/** What one scheme says of it. */
type Judgement = { readonly scheme: PresetName } & (
  | { readonly verified: Verified }
  | { readonly error: VerificationError }
);

/** Judges deliveries and reports them. */
class Receiver {
  readonly json: boolean;
  readonly #schemes: readonly PresetName[];
  readonly #secrets: readonly (string | Buffer)[];
  readonly #maxBytes: number;
  readonly #verifiers: readonly Verifier[];
  readonly #paint: (color: number, text: string) => string;

  constructor(given: Given) {
    this.json = given.has('json');
    this.#schemes = given.schemes();
    this.#secrets = given.secrets();
    this.#maxBytes = given.number('max-bytes', 2 ** 28) ?? MAX_BODY;
    this.#verifiers = this.#schemes.map((scheme) => new Verifier(scheme, this.#secrets, { maxBytes: this.#maxBytes }));
    const colored = process.stdout.isTTY && !process.env['NO_COLOR'];
    this.#paint = (color, text) => (colored ? `\x1b[${color}m${text}\x1b[0m` : text);
  }

  dispose(): void {
    this.#verifiers.forEach((verifier) => verifier.dispose());
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let delivery: Delivery;
    try {
      delivery = await read(request, this.#maxBytes);
    } catch {
      // The sender went away, and nothing was delivered.
      return;
    }
    const judged = this.#isTooLong(delivery) ? [] : this.#verifiers.map((_, index) => this.#judge(index, delivery));
    const faults = judged.flatMap((it) => ('error' in it ? it.error.fault : []));
    const refused = faults.includes('receiver') ? 500 : faults.length > 0 ? 401 : 204;
    // Before it is explained, which may take longer than a sender waits.
    response.writeHead(this.#isTooLong(delivery) ? 413 : refused).end();
    process.stdout.write(this.json ? this.#line(delivery, judged) : this.#paragraph(delivery, judged));
  }

  #isTooLong({ length }: Delivery): boolean {
    return length > this.#maxBytes;
  }

  #judge(index: number, { request, body }: Delivery): Judgement {
    const scheme = this.#schemes[index] as PresetName;
    try {
      return { scheme, verified: (this.#verifiers[index] as Verifier).verify(headersOf(request), body) };
    } catch (error) {
      if (error instanceof VerificationError) {
        return { scheme, error };
      }
      throw error;
    }
  }

  #why(scheme: PresetName, { request, body }: Delivery): Explanation {
    return explain(scheme, this.#secrets, headersOf(request), body, { maxBytes: this.#maxBytes });
  }

  /** For programs: a line of JSON. */
  #line(delivery: Delivery, judged: readonly Judgement[]): string {
    const results = judged.map((it) => {
      if ('verified' in it) {
        const { id, timestamp, secretIndex } = it.verified;
        return { scheme: it.scheme, genuine: true, id, timestamp, secretIndex };
      }
      const { code, header, message } = it.error;
      const { mistakes, hints, exhausted } = this.#why(it.scheme, delivery);
      return { scheme: it.scheme, genuine: false, code, header, message, mistakes, hints, exhausted };
    });
    const event = eventOf(judged);
    const shown = {
      ...about(delivery),
      genuine: results.length > 0 && results.every(({ genuine }) => genuine),
      ...(this.#isTooLong(delivery) && { code: 'body_too_large' }),
      results,
      ...(event ? { event: event.value } : said(delivery)),
    };
    let line: string;
    try {
      line = JSON.stringify(shown);
    } catch {
      // Nested deeper than the engine writes, though it reads it.
      line = JSON.stringify({ ...shown, event: undefined, ...said(delivery) });
    }
    return `${printable(line)}\n`;
  }

  /** For people. */
  #paragraph(delivery: Delivery, judged: readonly Judgement[]): string {
    const { time, method, path, bytes } = about(delivery);
    let text = `\n${time.slice(11, 23)} ${method} ${printable(path)}  ${bytes} bytes\n`;
    if (this.#isTooLong(delivery)) {
      return `${text}  ${this.#paint(31, 'NOT READ')}: it is longer than ${this.#maxBytes} bytes (--max-bytes)\n`;
    }
    for (const it of judged) {
      if ('verified' in it) {
        text += `  ${this.#paint(32, 'genuine')}      ${it.scheme}\n`;
      } else {
        const { message, code } = it.error;
        text += `  ${this.#paint(31, 'NOT GENUINE')}  ${it.scheme}: ${printable(message)} (${code})\n`;
        text += advice(this.#why(it.scheme, delivery)).replace(/^/gm, '  ').trimEnd() + '\n';
      }
    }
    return text + namesOf(judged) + shownBody(delivery.body);
  }
}

function about({ request: { method = '', url = '' }, length }: Delivery): Record<'time' | 'method' | 'path', string> & { bytes: number } {
  return { time: new Date().toISOString(), method, path: url.replace(/\?.*$/s, ''), bytes: length };
}

/**
 * Each header as often as it came: Node joins them in `headers`, and then they are no longer what was sent. (And
 * `headersDistinct` throws for a header named `constructor`.)
 */
function headersOf({ rawHeaders }: IncomingMessage): [name: string, value: string][] {
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  return names.map((name, index) => [name, rawHeaders[2 * index + 1] ?? '']);
}

/** Reads a request to its end, so that its sender hears the answer, and keeps what is within the limit. */
async function read(request: IncomingMessage, maxBytes: number): Promise<Delivery> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxBytes) {
      chunks.push(chunk);
    } else {
      chunks.length = 0;
    }
  }
  return { request, body: Buffer.concat(chunks), length };
}

/** The event of a delivery that some scheme found genuine, if it is JSON. */
function eventOf(judged: readonly Judgement[]): { value: unknown } | undefined {
  const genuine = judged.find((it) => 'verified' in it);
  try {
    return genuine && { value: genuine.verified.event };
  } catch {
    return undefined;
  }
}

/** What the event is called, and its id: as Sigpost's systems, CloudEvents and most others have them. */
function namesOf(judged: readonly Judgement[]): string {
  const event = textsOf(eventOf(judged)?.value);
  const type = event['type'] ?? event['eventType'] ?? event['notificationType'];
  const signed = judged.map((it) => ('verified' in it ? it.verified.id : undefined)).find((id) => id !== undefined);
  const id = signed ?? event['id'] ?? event['eventId'] ?? event['deliveryId'];
  const named = [type && `type ${type}`, id && `id ${id}`].filter((text) => text);
  return named.length > 0 ? `  ${printable(named.join('  ')).slice(0, 200)}\n` : '';
}

/** The texts in an event, and in the `metadata` that Immuta's have. */
function textsOf(event: unknown): Record<string, string | undefined> {
  const { metadata, ...own } = Object(event) as Record<string, unknown>;
  const texts = Object.entries({ ...Object(metadata), ...own }).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}

/** The most that is shown of a body that is no event, in bytes: whoever may send it may be anybody. */
const SHOWN = 65_536;

function said({ body }: Delivery): { body: string; cut?: true } {
  return { body: body.subarray(0, SHOWN).toString(), ...(body.length > SHOWN && { cut: true }) };
}
