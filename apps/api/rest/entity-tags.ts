/**
 * Conditional reading: what JSON a GET below `/api/v1` answers gets an ETag of its bytes, weak for
 * lists, and 304 goes to whoever has it. An ETag that a handler gives is the version of a text that
 * may stand in a larger answer: it is for If-Match, and proves nothing of the rest.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export function tagAnswers(fastify: FastifyInstance): void {
  fastify.addHook('preSerialization', async (request, reply, payload) => {
    if (isListPage(payload) && isRead(request)) linkNext(request, reply, payload.next);
    return payload;
  });
  fastify.addHook('onSend', async (request, reply, payload) => {
    const text = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : null;
    if (text === null || !isRead(request) || reply.statusCode !== 200) return payload;
    if (reply.hasHeader('etag') || !isJson(reply)) return payload;
    const tag = tagOf(text);
    void reply.header('etag', tag);
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-cache');
    if (!matches(request.headers['if-none-match'], tag)) return payload;
    void reply.code(304).removeHeader('content-length').removeHeader('content-type');
    return '';
  });
}

function isRead({ method, url }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && url.startsWith('/api/v1/');
}

function isJson(reply: FastifyReply): boolean {
  return String(reply.getHeader('content-type') ?? '').startsWith('application/json');
}

/** Lists begin with their items: what changes in one of them may leave the rest as it was. */
function tagOf(payload: string | Buffer): string {
  const digest = createHash('sha256').update(payload).digest('base64url').slice(0, 27);
  const begin = typeof payload === 'string' ? payload : payload.toString('latin1', 0, 9);
  const isList = begin.startsWith('{"items":');
  return `${isList ? 'W/' : ''}"${digest}"`;
}

/** By the weak comparison of RFC 9110, which reading goes by. */
export function matches(condition: string | undefined, tag: string): boolean {
  if (condition === undefined) return false;
  if (condition.trim() === '*') return true;
  const plain = tag.replace(/^W\//, '');
  return [...condition.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, one]) => one === plain);
}

interface ListPage {
  readonly items: readonly unknown[];
  readonly next: string;
}

function isListPage(payload: unknown): payload is ListPage {
  const page = payload as Partial<ListPage> | null;
  return Array.isArray(page?.items) && typeof page.next === 'string';
}

/** Relative to this address, which holds behind any proxy: RFC 8288 says what it is relative to. */
function linkNext({ url }: FastifyRequest, reply: FastifyReply, next: string): void {
  const [path = '', query = ''] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', next);
  void reply.header('link', `<${path}?${parameters.toString()}>; rel="next"`);
}
