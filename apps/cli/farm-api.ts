/**
 * A farm as the commands reach it: where it is, and the client of the generated functions with its
 * token. What is in no API document is asked for where it is needed: a farm's health, narinfos and
 * uploads of a substituter, the worker's own protocol.
 */
import type { z } from 'zod';
import { Client } from '#client/client.js';
import { Refused, refusalOf } from '#client/refused.js';
import { faultsOf } from '#protocol/api/problem.js';
import { FarmFault } from '#std/farm-fault.js';
import { fetchOnHost } from './redirects.js';

export interface FarmApi {
  /** Without a slash at its end. */
  readonly base: string;
  readonly client: Client;
}

/** The token for the farm: null when there is none, which only a call that reads does without. */
export type TokenSource = (needed: boolean) => Promise<string | null>;

export function farmApiOf(base: string, tokenFor: TokenSource): FarmApi {
  const withToken: typeof fetch = async (address, init) => {
    const token = await tokenFor(init?.method !== 'GET');
    const headers = new Headers(init?.headers);
    if (token !== null) headers.set('authorization', `Bearer ${token}`);
    const response = await fetchOnHost(String(address), { ...init, headers });
    if (response.status !== 401 || token !== null) return response;
    const { status, kind, message, errors } = await refusalOf(response);
    throw new Refused(status, kind, `${message} Give --token-file.`, errors);
  };
  return { base, client: new Client({ base, fetch: withToken }) };
}

/**
 * What a farm told, as far as it is gone on with and not only shown. Throws FarmFault
 * `corrupt-data` where it is something else.
 */
export function known<T>(schema: z.ZodType<T>, told: unknown): T {
  const parsed = schema.safeParse(told);
  if (parsed.success) return parsed.data;
  const [fault] = faultsOf(parsed.error.issues as never);
  const where = `the farm answered ${fault?.pointer ?? ''}: ${fault?.detail ?? 'something'}`;
  throw new FarmFault('corrupt-data', `${where}, which this gambeson does not know`, 'never');
}
