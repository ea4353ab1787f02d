/**
 * OPTIONS, methods that an address does not take, and pages of other sites that read the API: what
 * all may read without a credential, theirs may, too.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from '#nest/send-problem.js';
import type { RouteTable } from './route-table.js';

const readable = 'ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After';
const sendable = 'If-None-Match, Last-Event-ID, Range';

export function keepMethods(fastify: FastifyInstance, routes: RouteTable): void {
  fastify.addHook('onRequest', async (request, reply) => {
    if (!isOfApi(request)) return undefined;
    const methods = () => routes.methodsOf(pathOf(request));
    if (request.method === 'OPTIONS') return answerOptions(request, reply, methods());
    openToOthers(request, reply);
    // All routes are gone through: for none that has been found.
    const taken = request.is404 ? methods() : null;
    if (!taken || taken.includes(request.method)) return undefined;
    return refuseMethod(request, reply, taken);
  });
}

/** What was made has an address of its own where its list has addresses of its members. */
export function placeMade(fastify: FastifyInstance, routes: RouteTable): void {
  fastify.addHook('preSerialization', async (request, reply, payload) => {
    const { method } = request;
    if (method !== 'POST' || reply.statusCode !== 201 || !isOfApi(request)) return payload;
    const { id } = (payload ?? {}) as { readonly id?: unknown };
    if (typeof id !== 'string' || reply.hasHeader('location')) return payload;
    const address = `${pathOf(request).replace(/\/$/, '')}/${encodeURIComponent(id)}`;
    if (routes.methodsOf(address)) void reply.header('location', address);
    return payload;
  });
}

function isOfApi({ url }: FastifyRequest): boolean {
  return /^\/(api\/v1\/|(livez|readyz)([/?]|$))/.test(url);
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?')[0] ?? '/';
}

/** Nothing is readable with a credential of the browser's, since `*` forbids to send one. */
function openToOthers({ method, headers }: FastifyRequest, reply: FastifyReply): void {
  if (method !== 'GET' && method !== 'HEAD') return;
  if (headers.authorization !== undefined || headers.cookie !== undefined) return;
  void reply.headers({
    'access-control-allow-origin': '*',
    'access-control-expose-headers': readable,
    'cross-origin-resource-policy': 'cross-origin',
  });
}

function answerOptions(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  methods: readonly string[] | null,
): FastifyReply {
  if (!methods) return reply.callNotFound() as unknown as FastifyReply;
  const wanted = headers['access-control-request-method'];
  if (wanted === 'GET' || wanted === 'HEAD') {
    void reply.headers({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': sendable,
      'access-control-max-age': '86400',
    });
  }
  return reply.status(204).header('allow', methods.join(', ')).send();
}

function refuseMethod(
  { method }: FastifyRequest,
  reply: FastifyReply,
  methods: readonly string[],
): FastifyReply {
  const allow = methods.join(', ');
  const detail = `This address takes ${allow}, and no ${method}.`;
  const headers = { allow, 'cache-control': 'no-store' };
  return sendProblem(reply, { status: 405, kind: 'method-not-allowed', detail, headers });
}
