/** An api with its Postgres and Redis, and as many ready builds with tickets as a bench wishes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSecret } from '#adapters/system/secret.js';
import { openQueue, type QueueConnection } from '#adapters/redis/connection.js';
import { BullTicketQueue } from '#adapters/redis/ticket-queue.js';
import { id, type BuildId } from '#domain/ids.js';
import { workerClassName } from '#domain/worker/worker-class.js';
import { startTestRedis } from '#testkit/redis.js';
import { startServer, type Server } from './child.js';
import { workerSecret } from './claiming-workers.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';

export interface ClaimsFarm {
  readonly api: Server;
  readonly farm: FarmDatabase;
  readonly queue: QueueConnection;
  /** Makes so many new builds of a system, ready, with their tickets in the queue. */
  ready(system: string, count: number): Promise<void>;
  /** Every slot is free again. */
  freeSlots(): Promise<void>;
  close(): Promise<void>;
}

export async function startClaimsFarm(workers: number): Promise<ClaimsFarm> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  // The gateway welcomes nobody before it can tell the farm's public key.
  await writeFile(join(directory, 'signing-key.pub'), `bench-1:${'A'.repeat(43)}=\n`);
  const farm = await startFarmDatabase();
  const redis = await startTestRedis();
  const queue = openQueue({ redisUrl: redis.url, databaseUrl: farm.url });
  const tickets = new BullTicketQueue(queue);
  const api = await startServer('apps/api/main.js', {
    DATABASE_URL: farm.url,
    REDIS_URL: redis.url,
    GAMBESON_DATA: directory,
    GAMBESON_PORT: '0',
    GAMBESON_LEASE_SECONDS: '300',
  });
  await seedWorkers(farm, workers);
  let made = 0;
  return {
    api,
    farm,
    queue,
    ready: async (system, count) => {
      await seedBuilds(farm, { system, first: made + 1, last: made + count });
      await offer(tickets, { system, first: made + 1, last: made + count });
      made += count;
    },
    freeSlots: async () => void (await farm.database.execute('delete from leases')),
    close: async () => {
      await api.stop();
      await tickets.close();
      await queue.close();
      await redis.stop();
      await farm.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Range {
  readonly system: string;
  readonly first: number;
  readonly last: number;
}

function classOf(system: string): string {
  return workerClassName({ systems: [system], features: [], speed: 1 });
}

async function offer(tickets: BullTicketQueue, { system, first, last }: Range): Promise<void> {
  const workerClass = classOf(system);
  await tickets.offer(
    Array.from({ length: last - first + 1 }, (_, i) => ({
      build: id<BuildId>(first + i),
      generation: 1,
      workerClass,
      rank: 1 + i,
    })),
  );
}

async function seedBuilds(farm: FarmDatabase, { system, first, last }: Range): Promise<void> {
  const { database } = farm;
  await database.execute(
    `insert into derivations (id, store_id, path, name, package_name, system)
     select n, 1, lpad(n::text, 32, '0') || '-p.drv', 'p', 'p', $3
     from generate_series($1::int, $2::int) n`,
    [first, last, system],
  );
  await database.execute(
    `insert into outputs select n, 'out', 1, lpad(n::text, 32, '1') || '-p'
     from generate_series($1::int, $2::int) n`,
    [first, last],
  );
  await database.execute(
    `insert into builds (id, evaluation_id, generation, worker_class, release_expires_at)
     select n, 1, 1, $3, now() + interval '1 hour' from generate_series($1::int, $2::int) n`,
    [first, last, classOf(system)],
  );
}

async function seedWorkers(farm: FarmDatabase, workers: number): Promise<void> {
  await farm.database.execute('select ensure_evaluation_partitions(1)');
  await farm.database.execute(
    `insert into workers (name, credential_hash)
     select 'bench-' || n, $1 from generate_series(1, $2::int) n`,
    [hashSecret(workerSecret), workers],
  );
}
