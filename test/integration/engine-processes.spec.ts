/**
 * Real processes of the engine, killed in the middle of a build. Needs `npm run build` before it.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { id, type AttemptId } from '#domain/ids.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startTestRedis, type TestRedis } from '#testkit/redis.js';
import { EngineFarm, secret } from './engine-support.js';
import { TestWorker } from './gateway-support.js';

let postgres: TestPostgres;
let redis: TestRedis;
let farm: EngineFarm;
let environment: Record<string, string>;
const children: ChildProcess[] = [];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
  const database = await postgres.freshDatabase();
  farm = await EngineFarm.open(database);
  const data = await mkdtemp(join(tmpdir(), 'gambeson-engine-'));
  environment = { GAMBESON_DATA: data, DATABASE_URL: database.url, REDIS_URL: redis.url };
  await writeFile(join(data, 'signing-key.pub'), 'farm-1:AAAA\n');
}, 60_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await farm.close();
  await Promise.all([postgres.stop(), redis.stop()]);
  await rm(environment['GAMBESON_DATA']!, { recursive: true, force: true });
});

interface Started {
  readonly address: string;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

async function start(app: 'api' | 'coordinator', port = '0'): Promise<Started> {
  const child = spawn(process.execPath, [`dist/apps/${app}/main.js`], {
    env: { PATH: process.env['PATH'], ...environment, GAMBESON_PORT: port },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const address = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${app} ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const told = new RegExp(`^${app} listening on (.*)$`).exec(line);
      if (told) resolve(told[1]!);
    });
  });
  return {
    address,
    async kill(signal) {
      const ended = once(child, 'exit');
      child.kill(signal);
      return (await ended)[0] as number | null;
    },
  };
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

  await Promise.all([api.kill('SIGKILL'), coordinators[0]!.kill('SIGKILL')]);
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
  const stopped = await Promise.all([again.kill('SIGTERM'), coordinators[1]!.kill('SIGTERM')]);
  expect(stopped).not.toContain(1);
}, 60_000);
