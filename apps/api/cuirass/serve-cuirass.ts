/**
 * What Nest's routes do not do at Cuirass's addresses: names that cannot be, bodies that nobody
 * reads, forms, and OPTIONS.
 */
import type { FastifyInstance } from 'fastify';

const unread = 'application/x-unread';
const form = 'application/x-cuirass-form';
/** Bytes: a specification of ten thousand packages is a form of a few hundred thousand. */
const formAtMost = 1024 * 1024;

export function serveCuirass(fastify: FastifyInstance): void {
  refuseNul(fastify);
  readBodies(fastify);
  answerOptions(fastify);
}

/** No name of anything holds one, and Postgres takes none for a text. */
function refuseNul(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async (request, reply) => {
    const [path = ''] = request.url.split('?');
    return path.includes('%00') ? reply.callNotFound() : undefined;
  });
}

/** Forges post forms and XML to the hook: what nobody reads needs no parser of ours. */
function readBodies(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async (request) => {
    const { method, url, headers } = request;
    if (method !== 'POST') return;
    // A form of /admin holds the token that shows whose page it stood on.
    const sentForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    if (url.startsWith('/admin/specification/')) headers['content-type'] = form;
    else if (sentForm && url.startsWith('/admin/')) headers['content-type'] = form;
    else if (/^\/(jobset|admin\/(build|evaluation|specifications)|api\/dashboard)\//.test(url)) {
      headers['content-type'] = unread;
    }
  });
  fastify.addContentTypeParser(unread, (_request, payload, done) => {
    payload
      .on('end', () => done(null, undefined))
      .on('error', done)
      .resume();
  });
  fastify.addContentTypeParser(
    form,
    { parseAs: 'string', bodyLimit: formAtMost },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
}

/** Which methods each of Cuirass's addresses takes; all else is not there. */
const methods: readonly (readonly [address: RegExp, methods: string])[] = [
  [/^\/admin\/(build\/[^/]+\/restart|evaluation\/[^/]+\/(cancel|restart|retry))\/?$/, 'POST'],
  [/^\/admin\/(specification\/(add|edit)|specifications\/(deactivate|delete)\/[^/]+)\/?$/, 'POST'],
  [/^\/jobset\/[^/]+\/hook\/evaluate\/?$/, 'POST'],
  [/^\/api\/dashboard\/register\/?$/, 'GET, HEAD, POST'],
  [/^\/api\/(latestbuilds|queue|evaluations?|jobs(\/history)?)\/?$/, 'GET, HEAD'],
  [/^\/(jobsets|specifications)(\/.*)?$/, 'GET, HEAD'],
  [/^\/(build|output|log|eval|jobset|dashboard|download|machine|search)\/./, 'GET, HEAD'],
  [/^\/(events\/(rss|atom)|status|workers|metrics|search|specification\/.+)?\/?$/, 'GET, HEAD'],
];

/** No other site's page may read us, so that there is no more to tell than this. */
function answerOptions(fastify: FastifyInstance): void {
  fastify.options('/*', async (request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const found = methods.find(([address]) => address.test(path));
    if (!found) return reply.callNotFound();
    return reply.status(204).header('allow', `${found[1]}, OPTIONS`).send();
  });
}
