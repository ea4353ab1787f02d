/**
 * Refuses, with 429, who asks the API more than the farm's setting allows: by address and by token.
 * This machine itself is not counted; what a proxy on it hands on is, by the address it names.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from '#nest/send-problem.js';
import { isLoopback } from '../security/loopback.js';
import { Rate, type Taken } from './rate.js';

const seconds = 60;

/** `perMinute` 0: nobody is refused. */
export function limitRates(fastify: FastifyInstance, perMinute: number): void {
  if (perMinute === 0) return;
  const rate = new Rate({ most: perMinute, seconds });
  fastify.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/api/v1/') || request.method === 'OPTIONS') return undefined;
    const askers = askersOf(request);
    if (askers.length === 0) return undefined;
    const now = performance.now();
    const taken = askers.map((asker) => rate.take(asker, now));
    const least = taken.reduce((a, b) => (b.left < a.left || !b.admitted ? b : a));
    const policy = `"requests";q=${perMinute};w=${seconds}`;
    void reply.headers({
      'ratelimit-policy': policy,
      ratelimit: `"requests";r=${least.left};t=${least.seconds}`,
    });
    return least.admitted ? undefined : refuse(reply, least);
  });
}

/** The address, and the token beside it: neither many tokens nor many addresses go around it. */
function askersOf(request: FastifyRequest): string[] {
  const address = addressOf(request);
  if (address === null) return [];
  const { authorization } = request.headers;
  if (authorization === undefined) return [address];
  return [address, createHash('sha256').update(authorization).digest('base64url')];
}

/** Null: a program on this machine. Of IPv6 the network, since one machine has all of it. */
function addressOf({ raw, headers }: FastifyRequest): string | null {
  const peer = plain(raw.socket.remoteAddress ?? '');
  if (peer !== '' && !isLoopback(peer)) return network(peer);
  const named = headers['x-forwarded-for'];
  const last = plain([named].flat().join(',').split(',').at(-1)?.trim() ?? '');
  return last === '' || isLoopback(last) ? null : network(last);
}

function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function network(address: string): string {
  return address.includes(':') ? address.split(':').slice(0, 4).join(':') : address;
}

function refuse(reply: FastifyReply, taken: Taken): FastifyReply {
  const detail = `Too much was asked. Ask again in ${taken.seconds} seconds.`;
  const headers = { 'retry-after': String(taken.seconds), 'cache-control': 'no-store' };
  return sendProblem(reply, { status: 429, kind: 'too-many-requests', detail, headers });
}
