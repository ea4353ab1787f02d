/** Wires what Nest's modules do not: error answers, checks, headers, static files and OpenAPI. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { ProblemFilter } from '#nest/problem-filter.js';
import { SchemaPipe } from '#nest/schema-pipe.js';
import { guardAdmin, listenOnAdminSocket } from './access/admin-door.js';
import { ProxyTrust } from './access/proxy-trust.js';
import { serveCuirass } from './cuirass/serve-cuirass.js';
import type { FarmParts } from './farm/farm-parts.js';
import { attachGateway } from './gateway/attach-gateway.js';
import { serveOpenApi } from './openapi/openapi.js';
import { errorPages } from './pages/error-pages.js';
import { serveStatic } from './pages/static.js';
import { keepConventions } from './rest/conventions.js';
import { secureHttp } from './security/headers.js';
import { readForgeBodies } from './webhooks/raw-body.js';

export async function prepareApi(app: NestFastifyApplication, parts: FarmParts): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const { publicUrl, admin } = parts.settings;
  secureHttp(fastify, [publicUrl, admin.url]);
  guardAdmin(fastify, app.get(ProxyTrust));
  if (admin.socket !== undefined) listenOnAdminSocket(fastify, admin.socket);
  keepConventions(app, parts.settings);
  fastify.removeContentTypeParser('text/plain');
  readForgeBodies(fastify);
  serveCuirass(fastify);
  app.useGlobalFilters(new ProblemFilter(errorPages));
  app.useGlobalPipes(new SchemaPipe());
  attachGateway(app);
  serveStatic(fastify);
  serveOpenApi(app, '1');
  for (const fault of await parts.queue.faults().catch(() => [])) {
    process.stderr.write(`api: ${fault}\n`);
  }
}
