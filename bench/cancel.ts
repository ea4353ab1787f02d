/**
 * A large evaluation canceled while a coordinator leads, a thousand of its builds running: how long
 * until every running one is wished to end, and until nothing of it is left waiting.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { id, type EvaluationId } from '#domain/ids.js';
import { PostgresWishStore } from '#adapters/postgres/wish-store.js';
import { cancelEvaluation } from '#application/cancel-builds.js';
import { RedisBus } from '#adapters/redis/bus.js';
import { seedLargeGraph } from '#testkit/large-graph.js';
import { startTestRedis } from '#testkit/redis.js';
import { startServer } from './child.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';

const builds = 150_000;
const running = 1000;
const edgesEach = 12;

export async function cancelReport(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const [farm, redis] = await Promise.all([startFarmDatabase(), startTestRedis()]);
  const bus = new RedisBus(redis.url);
  const environment = {
    ...{ DATABASE_URL: farm.url, REDIS_URL: redis.url },
    ...{ GAMBESON_DATA: directory, GAMBESON_PORT: '0' },
  };
  try {
    const { evaluation, edges } = await seedLargeGraph(farm.database, builds, edgesEach);
    await seedRunning(farm);
    const server = await startServer('apps/coordinator/main.js', environment);
    const took = await measure(farm, bus, id<EvaluationId>(evaluation)).finally(server.stop);
    return [
      `cancel of ${builds} builds with ${edges} edges, ${running} running`,
      `  answered after ${took.answered.toFixed(0)} ms, ` +
        `running ones told after ${(took.told / 1000).toFixed(1)} s, ` +
        `all canceled after ${(took.ended / 1000).toFixed(1)} s`,
      '',
    ].join('\n');
  } finally {
    await bus.close();
    await redis.stop();
    await farm.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(
  farm: FarmDatabase,
  bus: RedisBus,
  evaluation: EvaluationId,
): Promise<{ answered: number; told: number; ended: number }> {
  // The coordinator plans: it has read everything that it needs for that.
  await until(
    farm,
    'select (count(*) = 0)::int as left from builds where release_expires_at is not null',
  );
  const begun = performance.now();
  const store = new PostgresWishStore(farm.database);
  await cancelEvaluation({ store, bus }, evaluation);
  const answered = performance.now() - begun;
  await until(farm, 'select count(*) as left from leases where cancel_reason is null');
  const told = performance.now() - begun;
  await until(farm, `select count(*) as left from builds where status = 'scheduled'`);
  return { answered, told, ended: performance.now() - begun };
}

async function seedRunning({ database }: FarmDatabase): Promise<void> {
  const [worker] = await database.query<{ id: number }>(
    `insert into workers (name, credential_hash, systems, slots, class, gateway, last_seen_at)
     values ('bench', '', '{x86_64-linux}', $1, 'x86_64-linux@1', 'bench', now()) returning id`,
    [running],
  );
  await database.execute(
    `with chosen as (
       update builds set status = 'started', started_at = now() where id > $2 - $1::int
       returning id)
     insert into leases (build_id, attempt_id, evaluation_id, worker_id, slot, fence, expires_at)
     select id, id, 1, $3, id, 'f', now() + interval '1 hour' from chosen`,
    [running, builds, worker!.id],
  );
}

async function until({ database }: FarmDatabase, question: string): Promise<void> {
  for (;;) {
    const [row] = await database.query<{ left: number }>(question);
    if (row!.left === 0) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
