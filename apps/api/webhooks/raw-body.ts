/**
 * Reads what forges send byte for byte, as their signatures want it, and bounds what strangers can
 * make the api hold: what shows no signature is refused unread, and so is too much at once.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Refusal } from '#nest/problem.js';
import { sendProblem } from '#nest/send-problem.js';
import { signatureHeaders } from './signature.js';

/** GitHub sends no more than this; the others send less. */
export const deliveryBytesAtMost = 25 * 1024 * 1024;
const heldBytesAtMost = 4 * deliveryBytesAtMost;
const rawType = 'application/x-forge-delivery';
const addresses = /^\/(webhooks\/|admin\/(gitlab|forgejo)\/event([?/]|$))/;

export function readForgeBodies(fastify: FastifyInstance): void {
  let held = 0;
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'POST' || !addresses.test(request.url)) return;
    if (!signatureHeaders.some((name) => request.headers[name] !== undefined)) {
      await sendProblem(reply, unsigned);
      return;
    }
    const bytes = declaredBytes(request);
    if (held + bytes > heldBytesAtMost) {
      await sendProblem(reply, tooMuch);
      return;
    }
    held += bytes;
    reply.raw.once('close', () => {
      held -= bytes;
    });
    request.headers['content-type'] = rawType;
  });
  fastify.addContentTypeParser(
    rawType,
    { parseAs: 'buffer', bodyLimit: deliveryBytesAtMost },
    (_request, body, done) => done(null, body),
  );
}

/** What is longer than allowed is refused as it is read, whatever was declared. */
function declaredBytes({ headers }: FastifyRequest): number {
  const told = Number(headers['content-length'] ?? deliveryBytesAtMost);
  return Number.isFinite(told) ? Math.min(Math.max(told, 0), deliveryBytesAtMost) : 0;
}

const unsigned: Refusal = {
  status: 403,
  kind: 'unsigned',
  detail: 'What a forge tells has to be signed: give its webhook a secret.',
};
const tooMuch: Refusal = {
  status: 503,
  kind: 'unready',
  detail: 'Too much is told at once. Tell it again.',
  headers: { 'retry-after': '10' },
};
