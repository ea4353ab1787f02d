/** Faults of coordinators, Redis and Postgres, on real processes. Rows of the fault table. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { openQueue } from '#adapters/redis/connection.js';
import { releaseSeconds } from '#application/release-tickets.js';
import type { AttemptAnswer, BuildAnswer } from '#protocol/api/build.js';
import { queueName } from '#adapters/redis/ticket-queue.js';
import { startTestReplica } from '#testkit/redis.js';
import { anOutput, endsOf, FaultFarm, gate } from '#testkit/fault-farm.js';

let farm: FaultFarm;
const patience = 90_000;

beforeAll(async () => {
  farm = await FaultFarm.start({ maxJobs: 4, leaseSeconds: 6, standby: true });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

function script(name: string, body = ':'): string {
  return `: ${name}; ${body}; ${anOutput}`;
}

function evaluated(name: string, jobs: readonly string[], body?: string): Promise<string> {
  return farm.evaluate(
    name,
    jobs.map((one) => ({ name: one, script: script(one, body) })),
  );
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

/**
 * Builds whose tickets nobody can take before the gates of those that hold all slots open. Tickets
 * lie ahead of busy slots only where builds are known to be short.
 */
async function offered(name: string) {
  const short = Array.from({ length: 8 }, (_, i) => `${name}-short-${i}`);
  await eachBuiltOnce(await evaluated(`${name}-short`, short));
  const gates = Array.from({ length: 8 }, (_, i) => `${name}-gate-${i}`);
  const holding = await evaluated(`${name}-gates`, gates, gate);
  const builds = await Promise.all(gates.map((one) => farm.buildOf(holding, one)));
  const attempts = await Promise.all(builds.map((build) => farm.attempt(build)));
  const waiting = Array.from({ length: 6 }, (_, i) => `${name}-${i}`);
  const evaluation = await evaluated(name, waiting);
  await farm.until('some of them to be offered', async () => {
    const rows = await farm.sql(
      `select from builds where status = 'scheduled' and release_expires_at > now()`,
    );
    return rows.length > 0 ? true : null;
  });
  const openGates = () => Promise.all(attempts.map((attempt) => farm.openGate(attempt)));
  return { evaluation, openGates };
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

function resultOf(attempt: AttemptAnswer): string {
  return join(farm.attemptDirectory(attempt), 'result.json');
}

function isGone(directory: string): Promise<true> {
  return farm.until(`${directory} to go`, async () => (existsSync(directory) ? null : true));
}

function builderPassed(attempt: AttemptAnswer): Promise<true> {
  const log = join(farm.attemptDirectory(attempt), 'log');
  return farm.until('the builder to pass its gate', async () =>
    readFileSync(log, 'utf8').includes('passed') ? true : null,
  );
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
    'row 8: coordinators killed between the commit of a release and its tickets',
    async () => {
      const { evaluation, build, first } = await gated('unsent', 6);
      farm.queue.watch = (bytes) =>
        /\bb\d+-\d+\b/.test(bytes.toString('latin1')) ? 'swallow' : 'pass';
      await farm.openGate(first);
      await farm.until('a release to be committed', async () => {
        const rows = await farm.sql(
          `select from builds b join derivation_inputs e on e.derivation_id = b.id
          where e.input_id = $1 and b.release_expires_at is not null`,
          [build],
        );
        return rows.length > 0 ? true : null;
      });
      await Promise.all(farm.both('coordinator').map((one) => one.kill()));
      farm.queue.heal();
      const again = performance.now();
      await Promise.all(['coordinator-1', 'coordinator-2'].map((name) => farm.startAgain(name)));
      await eachBuiltOnce(evaluation);
      expect(performance.now() - again).toBeLessThan(releaseSeconds * 1000);
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
    'row 9: a stale replica of Redis is promoted; what it never heard of is offered again',
    async () => {
      const replica = await startTestReplica(farm.redis);
      await replica.promote();
      const { evaluation, openGates } = await offered('stale');
      const former = farm.redis;
      farm.redis = replica;
      process.kill(former.pid, 'SIGKILL');
      await former.stop();
      const since = performance.now();
      await openGates();
      await eachBuiltOnce(evaluation);
      expect(performance.now() - since).toBeLessThan(releaseSeconds * 1000);
    },
    patience,
  );

  it(
    'row 9: a Redis that evicts keys of any kind loses no build',
    async () => {
      const { evaluation, openGates } = await offered('evicted');
      const client = new Redis(farm.redis.url);
      const size = await client.dbsize();
      await client.config('SET', 'maxmemory-policy', 'allkeys-random');
      for (let left = size; left > size / 2; left = await client.dbsize()) {
        const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1]);
        await client.config('SET', 'maxmemory', used - 2000);
        await client.set('one more', '').catch(() => undefined);
      }
      await client.config('SET', 'maxmemory', 0);
      await client.config('SET', 'maxmemory-policy', 'noeviction');
      client.disconnect();
      await openGates();
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
      await builderPassed(first);
      expect(existsSync(farm.attemptDirectory(first))).toBe(true);
      await farm.postgres.startAgain();
      await eachBuiltOnce(evaluation);
    },
    patience,
  );

  it(
    'row 11: completions whose transactions are aborted again and again are all kept',
    async () => {
      await farm.sql(`create sequence aborts`);
      await farm.sql(`create function abort_some() returns trigger language plpgsql as $$ begin
      if nextval('aborts') % 3 = 1 then
        raise exception 'aborted by the test' using errcode = '40P01';
      elsif lastval() % 3 = 2 then
        raise exception 'aborted by the test' using errcode = '40001';
      end if;
      return new; end $$`);
      await farm.sql(`create trigger abort_some before update on builds for each row
      when (new.status = 'succeeded') execute function abort_some()`);
      const names = Array.from({ length: 16 }, (_, i) => `aborted-${i}`);
      const recipes = names.map((name) => ({ name, script: script(name) }));
      const evaluation = await farm.evaluate('aborted', recipes);
      await eachBuiltOnce(evaluation);
      const [{ aborted }] = (await farm.sql(`select last_value::int as aborted from aborts`)) as [
        { aborted: number },
      ];
      expect(aborted).toBeGreaterThanOrEqual(48);
      await farm.sql(`drop function abort_some cascade`);
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
      await isGone(farm.attemptDirectory(first));
    },
    patience,
  );

  it(
    'row 10: a standby that lacks the last transactions is promoted, and no build is lost by it',
    async () => {
      const names = ['early', 'lost', 'uploaded', 'held', 'late'].map((one) => `promoted-${one}`);
      const evaluation = await evaluated('promoted', names, `${gate}; echo passed`);
      const builds = await Promise.all(names.map((name) => farm.buildOf(evaluation, name)));
      const [early, lost, uploaded, held] = await Promise.all(
        builds.map((build) => farm.attempt(build)),
      );
      await farm.openGate(early!);
      await farm.ended(builds[0]!);
      await farm.cutReplication();
      await farm.openGate(lost!);
      await farm.ended(builds[1]!);
      await isGone(farm.attemptDirectory(lost!));
      const wire = farm.wires.get(uploaded!.worker.name)!;
      wire.refuse();
      await farm.openGate(uploaded!);
      await farm.until('its result', async () => (existsSync(resultOf(uploaded!)) ? true : null));
      farm.database.refuse();
      await farm.openGate(held!);
      await builderPassed(held!);
      await farm.failOver();
      farm.database.heal();
      wire.heal();
      const ends = await Promise.all(builds.map((build) => farm.endedThroughGates(build)));
      expect(ends.map(endsOf)).toEqual([
        ['succeeded'],
        ['failed-other: worker-lost', 'succeeded'],
        // Its outputs had come to a farm that is no more.
        ['failed-other: upload-failed', 'succeeded'],
        ['succeeded'],
        ['succeeded'],
      ]);
      expect(ends[3]!.attempts.map((one) => one.id)).toEqual([held!.id]);
      const offers = ends.flatMap((end) => end.outputs.map((output) => output.offered));
      expect(offers).toEqual(names.map(() => true));
      await eachBuiltOnce(await evaluated('after-promotion', ['after-promotion']));
    },
    patience,
  );
});
