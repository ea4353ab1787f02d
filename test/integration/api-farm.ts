/**
 * An api on real Postgres and Redis, in this process and on a port of its own, for the specs here.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { readSettings } from '#nest/settings.js';
import { startApp } from '#nest/start-app.js';
import { startTestPostgres } from '#testkit/postgres.js';
import { startTestRedis } from '#testkit/redis.js';
import { ApiModule } from '../../apps/api/api.module.js';
import { openFarm, type FarmParts } from '../../apps/api/farm/farm-parts.js';
import { measuresOf } from '../../apps/api/measures/measures-of.js';
import { prepareApi } from '../../apps/api/prepare.js';

export interface ApiFarm {
  readonly address: string;
  readonly parts: FarmParts;
  readonly app: NestFastifyApplication;
  /** Every route that the api answers. */
  readonly routes: readonly { readonly method: string; readonly url: string }[];
  /** The database goes away and does not come back. */
  stopPostgres(): Promise<void>;
  stop(): Promise<void>;
}

export async function startApiFarm(more: Record<string, string> = {}): Promise<ApiFarm> {
  const data = await mkdtemp(join(tmpdir(), 'gambeson-api-'));
  const [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
  const database = await postgres.freshDatabase();
  const settings = readSettings(
    {
      GAMBESON_DATA: data,
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      GAMBESON_PORT: '0',
      ...more,
    },
    0,
  );
  const parts = await openFarm(settings);
  const routes: { method: string; url: string }[] = [];
  const app = await startApp({
    name: 'api',
    module: ApiModule.of(parts),
    settings,
    prepare: (one) => {
      const fastify = one.getHttpAdapter().getInstance() as unknown as FastifyInstance;
      fastify.addHook('onRoute', ({ method, url }) => {
        for (const each of [method].flat()) routes.push({ method: each, url });
      });
      return prepareApi(one, parts);
    },
    collect: measuresOf,
    besidePage: true,
  });
  return {
    address: await app.getUrl(),
    parts,
    app,
    routes,
    stopPostgres: () => postgres.stop(),
    async stop() {
      await app.close();
      await redis.stop();
      await postgres.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}
