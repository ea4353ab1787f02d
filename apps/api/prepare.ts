/** Wires what Nest's modules do not: error answers, checks, headers, static files and OpenAPI. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { ProblemFilter } from '#nest/problem-filter.js';
import { SchemaPipe } from '#nest/schema-pipe.js';
import type { FarmParts } from './farm/farm-parts.js';
import { attachGateway } from './gateway/attach-gateway.js';
import { serveOpenApi } from './openapi/openapi.js';
import { errorPages } from './pages/error-pages.js';
import { serveStatic } from './pages/static.js';
import { secureHttp } from './security/headers.js';

export async function prepareApi(app: NestFastifyApplication, parts: FarmParts): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  secureHttp(fastify, parts.settings.publicUrl);
  fastify.removeContentTypeParser('text/plain');
  acceptAnyHookBody(fastify);
  app.useGlobalFilters(new ProblemFilter(errorPages));
  app.useGlobalPipes(new SchemaPipe());
  attachGateway(app);
  serveStatic(fastify);
  serveOpenApi(app, '1');
  for (const fault of await parts.queue.faults().catch(() => [])) {
    process.stderr.write(`api: ${fault}\n`);
  }
}

/** Forges post forms and XML to the hook: what nobody reads needs no parser of ours. */
function acceptAnyHookBody(fastify: FastifyInstance): void {
  const unread = 'application/x-unread';
  fastify.addHook('onRequest', async (request) => {
    if (request.method === 'POST' && request.url.startsWith('/jobset/')) {
      request.headers['content-type'] = unread;
    }
  });
  fastify.addContentTypeParser(unread, (_request, payload, done) => {
    payload
      .on('end', () => done(null, undefined))
      .on('error', done)
      .resume();
  });
}
