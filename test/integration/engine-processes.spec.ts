/**
 * Real processes of the engine, killed in the middle of a build. Needs `npm run build` before it.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { id, type AttemptId } from '#domain/ids.js';
import { FarmProcess } from '#testkit/faults/farm-process.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startTestRedis, type TestRedis } from '#testkit/redis.js';
import { EngineFarm, secret } from './engine-support.js';
import { TestWorker } from './gateway-support.js';

let postgres: TestPostgres;
let redis: TestRedis;
let farm: EngineFarm;
let environment: Record<string, string>;
const running: FarmProcess[] = [];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
  const database = await postgres.freshDatabase();
  farm = await EngineFarm.open(database);
  const data = await mkdtemp(join(tmpdir(), 'gambeson-engine-'));
  environment = { GAMBESON_DATA: data, DATABASE_URL: database.url, REDIS_URL: redis.url };
  await writeFile(join(data, 'signing-key.pub'), 'farm-1:AAAA\n');
}, 60_000);

afterAll(async () => {
  await Promise.all(running.map((one) => one.kill()));
  await farm.close();
  await Promise.all([postgres.stop(), redis.stop()]);
  await rm(environment['GAMBESON_DATA']!, { recursive: true, force: true });
});

async function start(app: 'api' | 'coordinator', port = '0'): Promise<FarmProcess> {
  const started = FarmProcess.start({
    name: app,
    command: [process.execPath, `dist/apps/${app}/main.js`],
    environment: { PATH: process.env['PATH'], ...environment, GAMBESON_PORT: port },
    ready: new RegExp(`^${app} listening on `),
  });
  running.push(started);
  await started.ready();
  return started;
}

it('a build goes on as the same attempt over the death of api, coordinator and queue', async () => {
  const coordinators = [await start('coordinator'), await start('coordinator')];
  const api = await start('api');
  const worker = await farm.worker();
  const before = await TestWorker.connect(api.address, `${worker}.${secret}`);
  await before.hello();
  before.say({ type: 'claim', slots: [0] });
  const [first, second] = await farm.builds(2);
  await farm.edges([[second!, first!]]);
  const told = await before.hears('build');
  before.log(told.attempt, 0, 'before ');
  await before.hears('acknowledged');

  await Promise.all([api.kill(), coordinators[0]!.kill()]);
  await before.closed;
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();

  const again = await start('api', new URL(api.address).port);
  const after = await TestWorker.connect(again.address, `${worker}.${secret}`);
  const mine = { attempt: told.attempt, build: told.build, fence: told.fence, slot: 0 };
  expect((await after.hello({ attempts: [mine] })).lost).toEqual([]);
  after.log(told.attempt, 7, 'after');
  await after.hears('acknowledged', (one) => one.of === 'log' && one.offset === 12);
  await farm.uploaded(id<AttemptId>(told.attempt), told.outputs[0]!.path!);
  after.succeed(told);
  await after.hears('acknowledged', (one) => one.of === 'report' && one.accepted);
  expect(await farm.attempts(first!)).toMatchObject([{ number: 1, status: 'succeeded' }]);

  const begun = performance.now();
  after.say({ type: 'claim', slots: [0] });
  expect(await after.hears('build')).toMatchObject({ build: String(second) });
  expect(performance.now() - begun).toBeLessThan(5000);
  await after.leave();
  const stopped = await Promise.all([again.stop(), coordinators[1]!.stop()]);
  expect(stopped).not.toContain(1);
}, 60_000);
