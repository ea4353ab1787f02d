/** Faults of coordinators, Redis and Postgres, on real processes. Rows of the fault table. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { openQueue } from '#adapters/redis/connection.js';
import type { BuildAnswer } from '#protocol/api/build.js';
import { queueName } from '#adapters/redis/ticket-queue.js';
import { anOutput, endsOf, FaultFarm, gate } from '#testkit/fault-farm.js';

let farm: FaultFarm;
const patience = 90_000;

beforeAll(async () => {
  farm = await FaultFarm.start({ maxJobs: 4, leaseSeconds: 6 });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

function script(name: string, body = ':'): string {
  return `: ${name}; ${body}; ${anOutput}`;
}

/** A build that runs at its gate, and `count` others that need it. */
async function gated(name: string, count = 0) {
  const needing = Array.from({ length: count }, (_, i) => `${name}-${i}`);
  const evaluation = await farm.evaluate(name, [
    { name, script: script(name, `echo begun; ${gate}; echo passed`) },
    ...needing.map((one) => ({ name: one, script: script(one), inputs: [name] })),
  ]);
  const build = await farm.buildOf(evaluation, name);
  return { evaluation, build, first: await farm.attempt(build) };
}

/** Each job has ended well, by one attempt. */
async function eachBuiltOnce(evaluation: string): Promise<void> {
  const jobs = [...(await farm.settled(evaluation)).values()];
  const builds = await Promise.all(jobs.map((job) => farm.build(job.build!)));
  const odd = builds.filter((build) => endsOf(build).join() !== 'succeeded');
  expect(odd.map((build) => [build.name, endsOf(build), toldOf(build)])).toEqual([]);
}

function toldOf(build: BuildAnswer): (string | null)[] {
  return build.attempts.map((one) => one.message);
}

function resultOf(first: Parameters<FaultFarm['attemptDirectory']>[0]): string {
  return join(farm.attemptDirectory(first), 'result.json');
}

describe('faults of the servers', () => {
  it(
    'row 4: one build offered by thirty tickets to eight free slots is claimed once',
    async () => {
      const { evaluation, build, first } = await gated('contested', 1);
      await Promise.all(farm.both('coordinator').map((one) => one.kill()));
      await farm.openGate(first);
      await farm.ended(build);
      const wanted = await farm.buildOf(evaluation, 'contested-0');
      const [row] = await farm.sql<{ generation: number; class: string }>(
        `select b.generation, w.class from builds b, workers w where b.id = $1 limit 1`,
        [wanted],
      );
      const queue = openQueue({ redisUrl: farm.redis.url, databaseUrl: farm.postgres.url });
      const tickets = queue.queue(queueName(row!.class), { removeOnComplete: true });
      const { generation } = row!;
      await tickets.addBulk(
        Array.from({ length: 30 }, (_, i) => ({
          name: 'ticket',
          data: { build: Number(wanted), generation },
          opts: { jobId: `again-${i}`, priority: 1 },
        })),
      );
      expect(endsOf(await farm.ended(wanted))).toEqual(['succeeded']);
      await farm.until('all tickets to be taken', async () => {
        const { prioritized, active } = await tickets.getJobCounts('prioritized', 'active');
        return prioritized === 0 && active === 0 ? true : null;
      });
      await tickets.close();
      await queue.close();
      expect(endsOf(await farm.build(wanted))).toEqual(['succeeded']);
      await Promise.all(['coordinator-1', 'coordinator-2'].map((name) => farm.startAgain(name)));
    },
    patience,
  );

  it(
    'row 6: coordinators and gateways killed under load, and every build is the same attempt',
    async () => {
      const parts = Array.from({ length: 24 }, (_, i) => ({
        name: `load-${i}`,
        script: script(`load-${i}`, 'for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done'),
        inputs: i < 8 ? [] : [`load-${i - 8}`],
      }));
      const evaluation = await farm.evaluate('load', parts);
      for (const reached of [2, 8, 14]) {
        await farm.until(`${reached} builds to end`, async () => {
          const ended = (await farm.jobs(evaluation)).filter((job) => job.status === 'succeeded');
          return ended.length >= reached ? true : null;
        });
        const leader = farm
          .both('coordinator')
          .filter((one) => one.said.some((line) => line.includes('leads')))
          .at(-1);
        const names = [leader?.plan.name ?? 'coordinator-1', reached === 8 ? 'api-1' : 'api-2'];
        await Promise.all(names.map((name) => farm.killAndStart(name)));
      }
      await eachBuiltOnce(evaluation);
      for (const job of await farm.jobs(evaluation)) {
        const lines = (await farm.text(`/api/v1/builds/${job.build}/log`)).match(/^line \d$/gm);
        expect(lines).toEqual(['line 1', 'line 2', 'line 3', 'line 4', 'line 5']);
      }
    },
    patience,
  );

  it(
    'row 9: a Redis that is flushed, and one that comes back empty, lose no build',
    async () => {
      const parts = Array.from({ length: 16 }, (_, i) => ({
        name: `flushed-${i}`,
        script: script(`flushed-${i}`, 'sleep 0.2'),
        inputs: i < 4 ? [] : [`flushed-${i - 4}`],
      }));
      const evaluation = await farm.evaluate('flushed', parts);
      const succeeded = async (): Promise<number> =>
        (await farm.jobs(evaluation)).filter((job) => job.status === 'succeeded').length;
      await farm.until('two to end', async () => ((await succeeded()) >= 2 ? true : null));
      const client = new Redis(farm.redis.url);
      await client.flushall();
      client.disconnect();
      await farm.until('six to end', async () => ((await succeeded()) >= 6 ? true : null));
      await farm.restartRedis();
      await eachBuiltOnce(evaluation);
    },
    patience,
  );

  it(
    'row 10: Postgres killed while a result comes in; the worker keeps it and offers it again',
    async () => {
      const { evaluation, first } = await gated('kept', 2);
      await farm.postgres.kill();
      await farm.openGate(first);
      const log = join(farm.attemptDirectory(first), 'log');
      await farm.until('the builder to end', async () =>
        readFileSync(log, 'utf8').includes('passed') ? true : null,
      );
      expect(existsSync(farm.attemptDirectory(first))).toBe(true);
      await farm.postgres.startAgain();
      await eachBuiltOnce(evaluation);
    },
    patience,
  );

  it(
    'row 13: a completion is acknowledged only after its commit',
    async () => {
      await farm.sql(`create sequence refusals`);
      await farm.sql(`create function refuse_commit() returns trigger language plpgsql as $$ begin
      perform nextval('refusals');
      raise exception 'refused at commit by the test'; end $$`);
      const { build, first } = await gated('unsaved');
      await farm.sql(`create constraint trigger refuse_commit after delete on leases
      deferrable initially deferred for each row execute function refuse_commit()`);
      await farm.openGate(first);
      await farm.until('a commit to be refused', async () => {
        const rows = await farm.sql(`select from refusals where is_called`);
        return rows.length > 0 ? true : null;
      });
      expect(existsSync(resultOf(first))).toBe(true);
      const during = await farm.build(build);
      expect(during.status).toBe('started');
      expect(during.outputs.map((output) => output.offered)).toEqual([false]);
      await farm.sql(`drop function refuse_commit cascade`);
      const end = await farm.ended(build);
      expect(endsOf(end)).toEqual(['succeeded']);
      expect(end.outputs.map((output) => output.offered)).toEqual([true]);
      await farm.until('the result to be let go', async () =>
        existsSync(farm.attemptDirectory(first)) ? null : true,
      );
    },
    patience,
  );
});
