/** Opens what the api works with, from its settings; and closes it again in the opposite order. */
import { join } from 'node:path';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { openNarStore, type OpenedNarStore } from '#adapters/nar-store/open-nar-store.js';
import { PostgresBus } from '#adapters/postgres/bus.js';
import { PostgresPollStore } from '#adapters/postgres/channel-store.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresSpecificationStore } from '#adapters/postgres/specification-store.js';
import { RedisBus } from '#adapters/redis/bus.js';
import { openQueue, type QueueConnection } from '#adapters/redis/connection.js';
import { BullPollTimers } from '#adapters/redis/poll-timers.js';
import { ensureSecret } from '#adapters/system/secret.js';
import type { Bus } from '#application/ports/bus.js';
import type { LogStore } from '#application/ports/log-store.js';
import type { PollStore } from '#application/ports/poll-store.js';
import type { PollTimers } from '#application/ports/poll-timers.js';
import type { SpecificationStore } from '#application/ports/specification-store.js';
import type { Settings } from '#nest/settings.js';
import { requireAdminToken } from '../security/loopback.js';

export interface FarmParts {
  readonly settings: Settings;
  readonly adminToken: string;
  readonly serviceToken: string;
  readonly database: Database;
  readonly queue: QueueConnection;
  readonly bus: Bus;
  readonly logs: LogStore;
  readonly nars: OpenedNarStore;
  readonly timers: PollTimers;
  readonly specifications: SpecificationStore;
  readonly retries: Pick<PollStore, 'retry'>;
  close(): Promise<void>;
}

/** Throws an Error with one sentence when a secret can be neither read nor made. */
export async function openFarm(settings: Settings): Promise<FarmParts> {
  const adminToken = await requireAdminToken(settings.adminTokenFile, settings.host);
  const serviceToken = await ensureSecret(settings.serviceTokenFile);
  const { databaseUrl, redisUrl } = settings;
  const nars = await openNarStore(settings);
  const database = new Database(databaseUrl, 20, 'gambeson-api');
  const queue = openQueue({ databaseUrl, redisUrl });
  const bus = redisUrl ? new RedisBus(redisUrl) : new PostgresBus(database);
  const timers = new BullPollTimers(queue);
  const logs = new DiskLogStore(join(settings.dataDirectory, 'logs'));
  const specifications = new PostgresSpecificationStore(databaseUrl);
  return {
    settings,
    adminToken,
    serviceToken,
    database,
    queue,
    bus,
    logs,
    nars,
    timers,
    specifications,
    retries: new PostgresPollStore(database),
    async close() {
      await timers.close();
      await bus.close();
      await queue.close();
      await logs.close();
      await nars.close?.();
      await specifications.close();
      await database.close();
    },
  };
}
