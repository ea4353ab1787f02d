/**
 * Where a farm sends on to: a proxy before it that has everybody come by https, say. What is read
 * is followed on the same host; what is changed is not sent twice, and a token goes nowhere else.
 */
import { FarmFault } from '#std/farm-fault.js';

const stepsAtMost = 3;
const elsewhere: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** `fetch`, without leaving the host that was named. Throws FarmFault that says where to ask. */
export async function fetchOnHost(address: string, init: RequestInit): Promise<Response> {
  let at = address;
  for (let step = 0; step <= stepsAtMost; step += 1) {
    const response = await fetch(at, { ...init, redirect: 'manual' });
    if (!elsewhere.has(response.status)) return response;
    await response.body?.cancel();
    const to = targetOf(at, response.headers.get('location'));
    if (init.method !== undefined && init.method !== 'GET') throw sentOn(at, to);
    if (to === null || !isSameHost(new URL(at), to)) throw sentOn(at, to);
    at = to.href;
  }
  throw new FarmFault('fetch-failed', `${new URL(address).origin} sends on without end`, 'never');
}

function targetOf(from: string, location: string | null): URL | null {
  return location !== null && URL.canParse(location, from) ? new URL(location, from) : null;
}

/** To https, or as it was; never from https to what everybody may read. */
function isSameHost(from: URL, to: URL): boolean {
  const safe = to.protocol === 'https:' || to.protocol === from.protocol;
  const port = to.port === from.port || from.protocol !== to.protocol;
  return safe && port && to.hostname === from.hostname && to.username === '';
}

function sentOn(from: string, to: URL | null): FarmFault {
  const where = to === null ? 'nowhere' : `to ${to.origin}`;
  const hint = to === null ? 'is it a farm?' : `give --farm ${to.origin}`;
  const message = `${new URL(from).origin} sends on ${where}: ${hint}`;
  return new FarmFault('fetch-failed', message, 'never');
}
