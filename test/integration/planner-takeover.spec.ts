/**
 * Two real coordinators, of which the leading one is killed: the other releases builds within five
 * seconds, since it has kept the planner's memory all the while. Needs `npm run build` before it.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BuildId } from '#domain/ids.js';
import { answered } from '#testkit/eventually.js';
import { seedLargeGraph } from '#testkit/large-graph.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startTestRedis, type TestRedis } from '#testkit/redis.js';
import { EngineFarm } from './engine-support.js';

const isFull = process.env['GAMBESON_TEST_FULL'] === '1';
const builds = isFull ? 300_000 : 3000;

let postgres: TestPostgres;
let redis: TestRedis;
let farm: EngineFarm;
let data: string;
let environment: Record<string, string>;
const children: ChildProcess[] = [];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
  const database = await postgres.freshDatabase();
  farm = await EngineFarm.open(database);
  await seedLargeGraph(farm.database, builds);
  await farm.worker({ slots: 8 });
  data = await mkdtemp(join(tmpdir(), 'gambeson-takeover-'));
  environment = { GAMBESON_DATA: data, DATABASE_URL: database.url, REDIS_URL: redis.url };
}, 300_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await farm.close();
  await Promise.all([postgres.stop(), redis.stop()]);
  await rm(data, { recursive: true, force: true });
});

interface Coordinator {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Resolves with the first line that fits. */
  tells(pattern: RegExp): Promise<string>;
}

function start(): Coordinator {
  const child = spawn(process.execPath, ['dist/apps/coordinator/main.js'], {
    env: { PATH: process.env['PATH'], ...environment, GAMBESON_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: string[] = [];
  const heard = createInterface({ input: child.stdout });
  heard.on('line', (line) => lines.push(line));
  return {
    child,
    lines,
    async tells(pattern) {
      for (;;) {
        const told = lines.find((line) => pattern.test(line));
        if (told !== undefined) return told;
        await once(heard, 'line');
      }
    },
  };
}

async function released(): Promise<readonly BuildId[]> {
  const rows = await farm.database.query<{ id: BuildId }>(
    `select id from builds where status = 'scheduled' and release_expires_at is not null`,
  );
  return rows.map((row) => row.id);
}

function untilReleased(): Promise<readonly BuildId[]> {
  const some = async (): Promise<readonly BuildId[] | null> => {
    const found = await released();
    return found.length > 0 ? found : null;
  };
  return answered('a release', some, 60_000);
}

async function peakMegabytes({ child }: Coordinator): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

it('a standby releases builds within five seconds of the leader’s death', async () => {
  const leader = start();
  await leader.tells(/leads/);
  const standby = start();
  await Promise.all([leader, standby].map((one) => one.tells(/knows \d+ builds/)));
  const first = await untilReleased();
  expect(standby.lines.join('\n')).not.toMatch(/leads/);

  const died = once(leader.child, 'exit');
  leader.child.kill('SIGKILL');
  const begun = performance.now();
  await died;
  // All that lay released is done, so that whatever is released now is a plan of the other.
  await farm.database.execute(
    `update builds set status = 'succeeded', release_expires_at = null where id = any($1)`,
    [first],
  );
  const then = await untilReleased();
  const took = performance.now() - begun;
  if (isFull) {
    const megabytes = await peakMegabytes(standby);
    process.stdout.write(`${builds} builds: released after ${took} ms, peak ${megabytes} MB\n`);
    expect(megabytes).toBeLessThan(700);
  }
  expect(then.filter((build) => first.includes(build))).toEqual([]);
  expect(took).toBeLessThan(5000);
  expect(standby.lines.filter((line) => /knows \d+ builds/.test(line))).toHaveLength(1);
}, 300_000);
