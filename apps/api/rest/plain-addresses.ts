/**
 * An address of the API is spelt as it stands in its description: what goes by addresses here
 * (rates, preconditions, keys) reads them as they came, while the router decodes them, cuts them at
 * `#` and takes whole URLs. What the two could read differently is refused.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Refusal } from '#nest/problem.js';
import { sendProblem } from '#nest/send-problem.js';

export function refuseOtherSpellings(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async (request, reply) => {
    const route = request.routeOptions.url ?? '';
    if (!route.startsWith('/api/v1/') || isSpelt(request, route)) return undefined;
    return sendProblem(reply, ambiguous);
  });
}

/** Whether all that is no parameter stands in the address letter by letter. */
function isSpelt({ raw }: FastifyRequest, route: string): boolean {
  const [path = ''] = (raw.url ?? '').split('?', 1);
  if (path.includes('#')) return false;
  const parts = path.split('/');
  return route
    .replace(/\/$/, '')
    .split('/')
    .every((part, at) => part.startsWith(':') || part === parts[at]);
}

const ambiguous: Refusal = {
  status: 400,
  kind: 'ambiguous-address',
  detail: 'An address of the API is written as its description has it.',
  headers: { 'cache-control': 'no-store' },
};
