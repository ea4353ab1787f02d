/** Every process of a farm, with enrolled workers and builds of the bench's own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSecret } from '#adapters/system/secret.js';
import { startTestRedis } from '#testkit/redis.js';
import { startServer } from './child.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';

export interface IdleFarm {
  readonly port: number;
  readonly database: FarmDatabase['database'];
  /** By name. */
  readonly processes: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export interface Enrolled {
  readonly workers: number;
  readonly secret: string;
}

export async function startIdleFarm({ workers, secret }: Enrolled): Promise<IdleFarm> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const farm = await startFarmDatabase();
  const redis = await startTestRedis();
  const environment = {
    DATABASE_URL: farm.url,
    REDIS_URL: redis.url,
    GAMBESON_DATA: directory,
    GAMBESON_PORT: '0',
  };
  await farm.database.execute(
    `insert into workers (name, credential_hash)
     select 'bench-' || n, $1 from generate_series(1, $2::int) n`,
    [hashSecret(secret), workers],
  );
  const substituter = await startServer('apps/substituter/main.js', environment);
  const address = `http://127.0.0.1:${substituter.port}`;
  const all = { ...environment, GAMBESON_SUBSTITUTER_URL: address };
  const [api, coordinator, evaluator] = await Promise.all([
    startServer('apps/api/main.js', all),
    startServer('apps/coordinator/main.js', all),
    startServer('apps/evaluator/main.js', all),
  ]);
  const servers = { api, coordinator, evaluator, substituter };
  const apps = Object.entries(servers).map(([name, { pid }]) => [name, pid] as const);
  return {
    port: api.port,
    database: farm.database,
    processes: new Map([...apps, ['postgres', farm.pid], ['redis', redis.pid]]),
    close: async () => {
      for (const server of [api, coordinator, evaluator, substituter]) await server.stop();
      await redis.stop();
      await farm.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** So many builds that are ready, for each of the systems in turn. */
export async function readyBuilds(
  { database }: IdleFarm,
  count: number,
  systems: readonly string[],
): Promise<void> {
  await database.execute('select ensure_evaluation_partitions(1)');
  await database.execute(
    `with made as (
       insert into derivations (store_id, path, name, package_name, system)
       select 3, lpad(n::text, 32, '0') || '-p.drv', 'p', 'p', ($2::text[])[1 + n % $3]
         from generate_series(1, $1::int) n returning id),
     outs as (
       insert into outputs select id, 'out', 3, lpad(id::text, 32, '1') || '-p' from made)
     insert into builds (id, evaluation_id) select id, 1 from made`,
    [count, systems, systems.length],
  );
}
