/**
 * The OpenAPI document, generated from the controllers and the zod schemas that they check with;
 * made when somebody asks for it first.
 */
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { sendProblem } from '#nest/send-problem.js';
import { refusalOfTypes } from '../rest/fitting-types.js';
import { completeDocument, type RawDocument } from './document.js';
import type { ApiDocument } from './document-shape.js';
import { schemaConverter } from './schema-converter.js';

export function openApiOf(app: INestApplication, version: string): ApiDocument {
  const outline = new DocumentBuilder().setVersion(version).setOpenAPIVersion('3.1.0').build();
  const standardSchemaConverter = schemaConverter();
  const raw = SwaggerModule.createDocument(app, outline, { standardSchemaConverter });
  return completeDocument(raw as unknown as RawDocument, version);
}

export function serveOpenApi(app: INestApplication, version: string): void {
  const fastify = app.getHttpAdapter().getInstance() as FastifyInstance;
  let made: string | null = null;
  fastify.get('/api/v1/openapi.json', (request, reply) => {
    const refusal = refusalOfTypes(request, ['application/json']);
    if (refusal) return sendProblem(reply, refusal);
    made ??= JSON.stringify(openApiOf(app, version));
    return reply.type('application/json; charset=utf-8').send(made);
  });
}
