/** What every address of the REST API does alike, whichever controller answers at it. */
import { Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Database } from '#adapters/postgres/database.js';
import { KeptAnswers } from '#adapters/postgres/kept-answers.js';
import { OneAtATime } from '#adapters/postgres/one-at-a-time.js';
import type { Settings } from '#nest/settings.js';
import { tagAnswers } from './entity-tags.js';
import { FittingTypes } from './fitting-types.js';
import { Idempotency } from './idempotency.js';
import { keepMethods, placeMade } from './methods.js';
import { refuseOtherSpellings } from './plain-addresses.js';
import { Preconditions } from './preconditions.js';
import { limitRates } from './rate-limits.js';
import { limitRequests } from './request-limits.js';
import { StorableTexts } from './storable-texts.js';
import { RouteTable } from './route-table.js';

/** Before the routes are made, since it learns of each. */
export function keepConventions(app: NestFastifyApplication, settings: Settings): void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  refuseOtherSpellings(fastify);
  limitRates(fastify, settings.requestsPerMinute);
  limitRequests(fastify);
  const routes = new RouteTable(fastify);
  keepMethods(fastify, routes);
  placeMade(fastify, routes);
  tagAnswers(fastify);
  app.useGlobalInterceptors(
    new FittingTypes(new Reflector()),
    new StorableTexts(),
    new Preconditions(fastify, app.get(OneAtATime)),
    new Idempotency(new KeptAnswers(app.get(Database))),
  );
}
