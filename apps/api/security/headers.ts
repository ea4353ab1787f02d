/**
 * What every answer says to a browser, and what no browser may do: no script but ours, no frame, no
 * write that another site's page asked for.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Refusal } from '#nest/problem.js';
import { sendProblem } from '#nest/send-problem.js';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** They change nothing, whoever asks: RFC 9110. */
export const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Where people reach the farm: pages of there may write too, whatever Host says. */
export function secureHttp(fastify: FastifyInstance, publicUrls: readonly string[]): void {
  const publicOrigins = publicUrls.map((url) => new URL(url).origin);
  fastify.addHook('onRequest', async (request, reply) => {
    reply.headers(headers);
    if (hostsIn(request) > 1) return sendProblem(reply, twoHosts);
    if (safeMethods.has(request.method) || isOwnOrigin(request, publicOrigins)) return undefined;
    return sendProblem(reply, foreign);
  });
}

/** Programs send no Origin; a browser always does with a write, and cannot lie about it. */
export function isOwnOrigin(
  request: Pick<FastifyRequest, 'headers'>,
  publicOrigins: readonly string[],
): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const origin = request.headers.origin;
  if (origin === undefined || publicOrigins.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

/** Of two a proxy may have looked at the other: RFC 9112 has them refused. */
function hostsIn({ raw }: FastifyRequest): number {
  return raw.rawHeaders.filter((name, at) => at % 2 === 0 && /^host$/i.test(name)).length;
}

const twoHosts: Refusal = {
  status: 400,
  kind: 'malformed-request',
  detail: 'A request names its Host once.',
};
const foreign: Refusal = {
  status: 403,
  kind: 'foreign-origin',
  detail: 'A page of another site may not write here.',
};
