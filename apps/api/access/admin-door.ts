/**
 * Stands before every route: addresses that could be read as /admin and otherwise, and headers that
 * say who somebody is from those who are not believed, get no further, wherever they go.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { chmod, lstat, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { adminPathOf, type AdminPath } from '#domain/access/admin-path.js';
import type { Refusal } from '#nest/problem.js';
import { sendProblem } from '#nest/send-problem.js';
import { warnSeldom } from './seldom.js';
import { markAdminSocket, type ProxyTrust } from './proxy-trust.js';

export function guardAdmin(fastify: FastifyInstance, trust: ProxyTrust): void {
  fastify.addHook('onRequest', async (request, reply) => {
    const path = adminPathOf(request.raw.url ?? '');
    if (path === 'ambiguous' || leadsToAdminUnseen(request, path))
      return sendProblem(reply, ambiguous);
    const fault = trust.faultOf(request, path);
    if (fault !== null) {
      const from = request.raw.socket.remoteAddress ?? 'the socket of /admin';
      warnSeldom(fault.detail, `${request.method} ${path} from ${from}: ${fault.detail}`);
      return sendProblem(reply, { ...fault, kind: 'identity-refused' });
    }
    if (path === 'admin') reply.header('cache-control', 'no-store');
    return undefined;
  });
}

/** The router found a way that the reading above did not. */
function leadsToAdminUnseen({ routeOptions }: FastifyRequest, path: AdminPath): boolean {
  return path !== 'admin' && /^\/admin(\/|$)/i.test(routeOptions.url ?? '');
}

const ambiguous: Refusal = {
  status: 400,
  kind: 'ambiguous-address',
  detail: 'This address could be read as another one: write it as it stands in our pages.',
};

/** Serves the same on a unix socket that its owner and group alone may connect to. */
export function listenOnAdminSocket(fastify: FastifyInstance, path: string): void {
  let server: Server | undefined;
  fastify.addHook('onListen', async () => {
    await removeStale(path);
    server = createServer((request, response) => fastify.routing(request, response));
    server.on('connection', markAdminSocket);
    await new Promise<void>((resolve, reject) => {
      server!.once('error', reject).listen(path, resolve);
    });
    await chmod(path, 0o660);
  });
  fastify.addHook('preClose', async () => {
    const closed = new Promise<void>((resolve) => {
      if (server) server.close(() => resolve());
      else resolve();
    });
    server?.closeAllConnections();
    await closed;
  });
}

/** What a process left that died; a socket on which somebody listens stays, and listening fails. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isSocket()) return;
  const taken = await new Promise<boolean>((resolve) => {
    const probe = connect(path)
      .on('connect', () => resolve(true))
      .on('error', () => resolve(false));
    probe.on('connect', () => probe.destroy());
  });
  if (!taken) await rm(path, { force: true });
}
