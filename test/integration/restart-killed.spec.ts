/**
 * A restart of many builds while the coordinator that carries it out is killed: another one goes
 * on, and none is forgotten. Needs `npm run build` before it.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { restartBuild } from '#application/restart-builds.js';
import { RedisBus } from '#adapters/redis/bus.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startTestRedis, type TestRedis } from '#testkit/redis.js';
import { EngineFarm } from './engine-support.js';
import { LifecycleFarm } from './lifecycle-support.js';

let postgres: TestPostgres;
let redis: TestRedis;
let farm: LifecycleFarm;
let url: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
  const database = await postgres.freshDatabase();
  url = database.url;
  farm = new LifecycleFarm(await EngineFarm.open(database));
}, 60_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await farm.engine.close();
  await Promise.all([postgres.stop(), redis.stop()]);
});

/** Resolves when it leads, or stands by. */
async function startCoordinator(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['dist/apps/coordinator/main.js'], {
    env: {
      ...{ PATH: process.env['PATH'], DATABASE_URL: url, REDIS_URL: redis.url },
      ...{ GAMBESON_PORT: '0', GAMBESON_TICK_SECONDS: '0.5' },
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the coordinator ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('coordinator listening on ')) resolve();
    });
  });
  return child;
}

async function scheduled(): Promise<number> {
  return (await farm.engine.statuses())['scheduled'] ?? 0;
}

it('a restart outlives the coordinator that was carrying it out', async () => {
  const size = 30_000;
  const [compiler, ...fallen] = await farm.engine.builds(size + 1);
  await farm.engine.edges(fallen.map((build) => [build, compiler!]));
  await farm.ended(compiler!, 'failed');
  expect(await farm.tellFailures()).toBe(size);
  const first = await startCoordinator();
  const second = await startCoordinator();
  const bus = new RedisBus(redis.url);

  const answer = await restartBuild({ store: farm.wishes, bus }, compiler!, true);
  expect(answer.ok).toBe(true);
  let seen = await scheduled();
  while (seen <= 1) seen = await scheduled();
  first.kill('SIGKILL');
  await once(first, 'exit');
  const done = await scheduled();
  expect(done).toBeLessThan(size + 1);
  const begun = performance.now();
  while ((await scheduled()) < size + 1) {
    expect(performance.now() - begun).toBeLessThan(20_000);
  }
  process.stdout.write(
    `restart: killed after ${done} of ${size + 1} builds; another coordinator had scheduled all ` +
      `${(performance.now() - begun).toFixed(0)} ms later\n`,
  );
  expect(await farm.engine.statuses()).toEqual({ scheduled: size + 1 });
  await bus.close();
  second.kill('SIGTERM');
  await once(second, 'exit');
}, 90_000);
