// The native API, typed by the document that the server checks in (`server/openapi/native.json`). The console asks
// nothing but this.

import createClient from 'openapi-fetch';

import type { Me, paths, Problem } from '../../generated/api';
import { sleep } from '../shared/sleep';
import { heard } from './clock';
import { Refusal, Unreachable } from './errors';
import { actingIn, me, refused, validToken } from './session';

/** How often what may be asked again is asked while the server does not answer. */
const TRIES = 3;

/**
 * Asks the server. `openapi-fetch` returns `{ data, error }`; {@link answered} makes of it the data, or throws.
 *
 * @example
 * ```ts
 * const { webhooks } = await answered(api.GET('/v1/webhooks', { params: { query: { limit: 100 } } }));
 * ```
 */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: ask });

/** The data of an answer. */
export async function answered<Data>(asked: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  const { data, response, error } = await asked;
  if (!response.ok) throw refusal(response, error);
  // A 204 has none, and nobody asks for it.
  return data as Data;
}

/** Who a token is of, if need be in a tenant. The session is not touched: that is for whoever signs in. */
export async function whoIs(token: string, tenant?: string): Promise<Me> {
  const headers = { authorization: `Bearer ${token}`, ...(tenant !== undefined && { 'sigpost-tenant': tenant }) };
  const response = await reached(() => fetch(new Request(`${location.origin}/v1/me`, { headers, ...OPTIONS })));
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw refusal(response, body);
  // An answer of 200 is what the API's document says.
  return body as Me;
}

const OPTIONS: RequestInit = { credentials: 'omit', cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer' };

/** `fetch` as the session has it: with its token, once more after somebody has signed in again, and after a lost GET. */
export async function ask(request: Request): Promise<Response> {
  // What somebody asked for in one tenant is not done in another.
  const [asker, tenant] = [me.peek(), ofServer(request) ? undefined : actingIn.peek()];
  for (;;) {
    const token = await validToken(asker);
    const attempt = () => {
      const copy = new Request(request.clone(), OPTIONS);
      copy.headers.set('authorization', `Bearer ${token}`);
      if (tenant !== undefined) copy.headers.set('sigpost-tenant', tenant);
      return fetch(copy);
    };
    const response = await reached(attempt, request.method === 'GET' ? TRIES : 1, request.signal);
    if (response.status !== 401) return response;
    refused(token);
  }
}

/** Whether it is about the tenants themselves: inside one, an operator would see no other. */
function ofServer(request: Request): boolean {
  return /^\/v1\/tenants(\/|$)/.test(new URL(request.url).pathname);
}

/** The answer; what never came is {@link Unreachable}, and what was given up stays that. */
async function reached(attempt: () => Promise<Response>, tries = 1, signal?: AbortSignal): Promise<Response> {
  for (let left = tries; ; left -= 1) {
    try {
      const response = await attempt();
      heard(response.headers.get('date'));
      return response;
    } catch (error) {
      if (signal?.aborted === true) throw error;
      if (left <= 1) throw new Unreachable(error);
      await sleep(500 * (tries - left + 1), signal);
    }
  }
}

function refusal(response: Response, body: unknown): Refusal {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Refusal(response.status, isProblem(body) ? body : undefined, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'type' in body && 'detail' in body && typeof body.type === 'string' && typeof body.detail === 'string';
}
