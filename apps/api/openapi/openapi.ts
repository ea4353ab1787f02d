/**
 * The OpenAPI document, generated from the controllers and the zod schemas that they check with.
 */
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const pages = /^\/(?!api\/v1\/|jobset\/|livez$|readyz$)/;

export function serveOpenApi(app: NestFastifyApplication, version: string): void {
  const outline = new DocumentBuilder()
    .setTitle('Gambeson')
    .setDescription('Specifications, evaluations, builds and workers of this build farm.')
    .setVersion(version)
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth()
    .build();
  const document = SwaggerModule.createDocument(app, outline);
  for (const path of Object.keys(document.paths)) {
    if (pages.test(path)) delete document.paths[path];
  }
  const body = JSON.stringify(document);
  app.getHttpAdapter().get('/api/v1/openapi.json', (_request: unknown, reply: Reply) => {
    reply.type('application/json; charset=utf-8').send(body);
  });
}

interface Reply {
  type(type: string): Reply;
  send(body: string): void;
}
