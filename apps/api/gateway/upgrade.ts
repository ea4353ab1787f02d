/**
 * Who may upgrade to a conversation, and how the others are told: problem+json on the raw socket.
 */
import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { hashSecret, sameSecret } from '#adapters/system/secret.js';
import type { WorkerStore } from '#application/ports/worker-store.js';
import { id, type WorkerId } from '#domain/ids.js';
import { printProblem, type Refusal } from '#nest/problem.js';
import type { SessionWorker } from './session.js';

export const connectPath = '/api/v1/workers/connect';

type UpgradeRefusal = 'unauthorized' | 'removed' | 'unavailable' | 'closing' | 'not-found';

const refusals: Readonly<Record<UpgradeRefusal, Refusal>> = {
  unauthorized: {
    status: 401,
    kind: 'unauthorized',
    detail: 'A worker connects with its own credential: Authorization: Bearer WORKER.SECRET.',
    headers: { 'www-authenticate': 'Bearer realm="gambeson worker"' },
  },
  removed: {
    status: 403,
    kind: 'worker-removed',
    detail: 'This worker was removed from the farm; enrol the machine again to let it build.',
  },
  unavailable: {
    status: 503,
    kind: 'database-unavailable',
    detail: 'The farm cannot look at credentials now.',
    headers: { 'retry-after': '2' },
  },
  closing: {
    status: 503,
    kind: 'restarting',
    detail: 'This process stops; another one, or the next, will answer.',
    headers: { 'retry-after': '1' },
  },
  'not-found': { status: 404, kind: 'not-found', detail: 'There is nothing to connect to here.' },
};

/**
 * The worker whose credential the request shows; the same answer for every way to be wrong. Only
 * who shows the right credential hears that its worker was removed.
 */
export async function authenticate(
  request: IncomingMessage,
  workers: WorkerStore,
): Promise<SessionWorker | 'unauthorized' | 'removed'> {
  const shown = /^Bearer ([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{16,128})$/.exec(
    request.headers.authorization ?? '',
  );
  if (!shown) return 'unauthorized';
  const known = await workers.find(id<WorkerId>(shown[1]!));
  if (!known || !sameSecret(hashSecret(shown[2]!), known.credentialHash)) return 'unauthorized';
  return known.removed ? 'removed' : { id: known.id, name: known.name };
}

export function refuseUpgrade(socket: Duplex, why: UpgradeRefusal): void {
  const refusal = refusals[why];
  const body = JSON.stringify(printProblem(refusal));
  const headers = {
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...refusal.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n`;
  socket.end(`${status}${lines.join('')}\r\n${body}`);
}
