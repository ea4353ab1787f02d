/** The document of the api as it stands in the source, without an api that runs. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { readSettings } from '#nest/settings.js';
import { ApiModule } from '../../apps/api/api.module.js';
import type { FarmParts } from '../../apps/api/farm/farm-parts.js';
import type { ApiDocument } from '../../apps/api/openapi/document-shape.js';
import { openApiOf } from '../../apps/api/openapi/openapi.js';

/** Nest's preview makes no controller, so the parts are never reached for. */
export async function documentOfApi(): Promise<ApiDocument> {
  const settings = readSettings({ DATABASE_URL: 'postgres://127.0.0.1/nowhere' }, 0);
  const module = ApiModule.of({ settings } as FarmParts);
  const app = await NestFactory.create(module, new FastifyAdapter(), {
    preview: true,
    abortOnError: false,
    logger: ['error', 'fatal'],
  });
  return openApiOf(app, '1');
}
