/** Gives every module of the api the parts of the farm, by class or by the names in tokens.ts. */
import {
  Global,
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { join } from 'node:path';
import { ChannelBundles } from '#adapters/git/channel-bundles.js';
import { BuildQueries } from '#adapters/postgres/build-queries.js';
import { Database } from '#adapters/postgres/database.js';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { NeighbourQueries } from '#adapters/postgres/neighbour-queries.js';
import { ProductQueries } from '#adapters/postgres/product-queries.js';
import { PostgresProductStore } from '#adapters/postgres/product-store.js';
import { ProvenanceQueries } from '#adapters/postgres/provenance-queries.js';
import { SpecificationQueries } from '#adapters/postgres/specification-queries.js';
import { VerificationQueries } from '#adapters/postgres/verification-queries.js';
import { WaitQueries } from '#adapters/postgres/wait-queries.js';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import { Accel } from '#nest/accel.js';
import { READINESS, type ReadinessCheck } from '#nest/health.js';
import type { FarmParts } from './farm-parts.js';
import * as tokens from './tokens.js';

const PARTS = Symbol('farm parts');

@Global()
@Module({})
export class FarmModule implements OnApplicationShutdown {
  constructor(@Inject(PARTS) private readonly parts: FarmParts) {}

  static of(parts: FarmParts): DynamicModule {
    const { database } = parts;
    const providers: Provider[] = [
      { provide: PARTS, useValue: parts },
      { provide: tokens.SETTINGS, useValue: parts.settings },
      { provide: tokens.ADMIN_TOKEN, useValue: parts.adminToken },
      { provide: tokens.SERVICE_TOKEN, useValue: parts.serviceToken },
      { provide: tokens.BUS, useValue: parts.bus },
      { provide: tokens.QUEUE, useValue: parts.queue },
      { provide: tokens.LOG_STORE, useValue: parts.logs },
      { provide: tokens.NAR_STORE, useValue: parts.nars },
      { provide: Accel, useValue: new Accel<FileKey>(parts.settings.accelPrefix, parts.nars) },
      { provide: tokens.POLL_TIMERS, useValue: parts.timers },
      { provide: tokens.SPECIFICATIONS, useValue: parts.specifications },
      { provide: tokens.RETRIES, useValue: parts.retries },
      { provide: READINESS, useValue: readiness(parts) },
      { provide: Database, useValue: database },
      {
        provide: BuildQueries,
        useValue: new BuildQueries(database, parts.settings.substituterUrl),
      },
      { provide: ChannelBundles, useValue: channelBundles(parts) },
      { provide: EvaluationQueries, useValue: new EvaluationQueries(database) },
      { provide: NeighbourQueries, useValue: new NeighbourQueries(database) },
      { provide: ProductQueries, useValue: new ProductQueries(database) },
      { provide: PostgresProductStore, useValue: new PostgresProductStore(database) },
      { provide: ProvenanceQueries, useValue: new ProvenanceQueries(database) },
      { provide: SpecificationQueries, useValue: new SpecificationQueries(database) },
      { provide: VerificationQueries, useValue: new VerificationQueries(database) },
      { provide: WaitQueries, useValue: new WaitQueries(database) },
      { provide: WorkerQueries, useValue: new WorkerQueries(database) },
    ];
    return { module: FarmModule, providers, exports: providers };
  }

  /** Runs after the last request was answered. */
  async onApplicationShutdown(): Promise<void> {
    await this.parts.close();
  }
}

function channelBundles({ settings }: FarmParts): ChannelBundles {
  return new ChannelBundles({ directory: join(settings.dataDirectory, 'mirrors') });
}

function readiness(parts: FarmParts): readonly ReadinessCheck[] {
  return [
    { name: 'postgres', ask: () => parts.database.query('select 1') },
    { name: 'queue', ask: () => parts.queue.ping() },
  ];
}
