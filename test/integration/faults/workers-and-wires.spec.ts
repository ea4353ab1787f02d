/** Faults of workers and of the wires to them, on real processes. Rows of the fault table. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { anOutput, endsOf, FaultFarm, gate } from '#testkit/fault-farm.js';

let farm: FaultFarm;
const patience = 90_000;

beforeAll(async () => {
  farm = await FaultFarm.start({ maxJobs: 2, leaseSeconds: 5 });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);
afterEach(async () => {
  for (const wire of farm.wires.values()) wire.heal();
  for (const name of farm.workers) {
    farm.process(name).signal('SIGCONT');
    if (!farm.process(name).running) await farm.startAgain(name);
  }
});

/** A build that runs and waits at its gate. */
async function running(name: string) {
  const script = `: ${name}; echo begun; ${gate}; ${anOutput}`;
  const evaluation = await farm.evaluate(name, [{ name, script }]);
  const build = await farm.buildOf(evaluation, name);
  return { evaluation, build, first: await farm.attempt(build) };
}

describe('faults of workers and wires', () => {
  it(
    'row 1: a worker killed in mid-build loses the build to another, and nobody calls it failed',
    async () => {
      const { build, first } = await running('killed-worker');
      await farm.killMachine(first.worker.name);
      const second = await farm.attempt(build, 1);
      expect(second.worker.name).toBe(farm.otherWorker(first.worker.name));
      await farm.openGate(second);
      const end = await farm.ended(build);
      expect([end.status, end.reason]).toEqual(['succeeded', null]);
      expect(endsOf(end)).toEqual(['failed-other: worker-lost', 'succeeded']);
    },
    patience,
  );

  it(
    'row 2: a worker behind a half-open connection is found by its silence',
    async () => {
      const { build, first } = await running('half-open');
      const wire = farm.wires.get(first.worker.name)!;
      const open = wire.open;
      wire.swallow();
      const second = await farm.attempt(build, 1);
      expect(second.worker.name).not.toBe(first.worker.name);
      expect(wire.open).toBeGreaterThanOrEqual(open);
      wire.heal();
      await farm.until('the lost attempt to be given up', async () =>
        existsSync(farm.attemptDirectory(first)) ? null : true,
      );
      await farm.openGate(second);
      expect(endsOf(await farm.ended(build))).toEqual(['failed-other: worker-lost', 'succeeded']);
    },
    patience,
  );

  it(
    'row 3: a worker that comes back late changes nothing, and its slot is free again',
    async () => {
      const { build, first } = await running('late');
      const late = first.worker.name;
      farm.process(late).signal('SIGSTOP');
      await farm.openGate(first);
      const result = join(farm.attemptDirectory(first), 'result.json');
      await farm.until(
        'the frozen worker to have a result',
        async () => existsSync(result) || null,
      );
      const second = await farm.attempt(build, 1);
      farm.process(late).signal('SIGCONT');
      await farm.until('the late result to be dropped', async () =>
        existsSync(farm.attemptDirectory(first)) ? null : true,
      );
      expect((await farm.build(build)).status).toBe('started');
      await farm.openGate(second);
      const end = await farm.ended(build);
      expect(endsOf(end)).toEqual(['failed-other: worker-lost', 'succeeded']);
      expect(end.outputs.map((output) => output.offered)).toEqual([true]);
      const [left] = await farm.sql(`select from uploads where principal = 'attempt-${first.id}'
      and created_at < now() - interval '1 day'`);
      expect(left).toBeUndefined();
      await farm.until('every slot to be free', async () => {
        const rows = await farm.sql('select from workers where free_slots < slots');
        return rows.length === 0 ? true : null;
      });
    },
    patience,
  );

  it(
    'row 14: after an outage all workers come back in their own time, and no build is touched',
    async () => {
      const names = ['storm-1', 'storm-2', 'storm-3', 'storm-4', 'storm-5'];
      const recipes = names.map((name) => ({ name, script: `: ${name}; ${gate}; ${anOutput}` }));
      const evaluation = await farm.evaluate('storm', recipes);
      const builds = await Promise.all(names.map((name) => farm.buildOf(evaluation, name)));
      await farm.until('four of five to run', async () => {
        const started = (await farm.jobs(evaluation)).filter((job) => job.status === 'started');
        return started.length === 4 ? true : null;
      });
      for (const wire of farm.wires.values()) wire.asked.length = 0;
      await Promise.all(farm.both('api').map((api) => api.kill()));
      const wires = [...farm.wires.values()];
      await farm.until('each worker to knock five times', async () =>
        wires.every((wire) => wire.asked.length >= 5) ? true : null,
      );
      const pauses = wires.map(({ asked }) => asked.slice(1, 5).map((at, i) => at - asked[i]!));
      for (const { asked } of wires) expect(asked[4]! - asked[0]!).toBeGreaterThan(200);
      expect(new Set(pauses.flat().map(Math.round)).size).toBeGreaterThan(4);
      await Promise.all(['api-1', 'api-2'].map((name) => farm.startAgain(name)));
      const ends = await Promise.all(builds.map((build) => farm.endedThroughGates(build)));
      expect(ends.map(endsOf)).toEqual(names.map(() => ['succeeded']));
    },
    patience,
  );

  it(
    'row 29: stopped cleanly, nothing is left busy without an owner, and all goes on after',
    async () => {
      const { build, first } = await running('clean');
      const worker = farm.process(first.worker.name);
      worker.signal('SIGTERM');
      await farm.until('the worker to drain', async () =>
        worker.said.some((line) => line.includes('drains')) ? true : null,
      );
      worker.signal('SIGTERM');
      expect(await worker.ended()).toBe(0);
      expect(endsOf(await farm.build(build))[0]).toMatch(/handed-back$/);
      const second = await farm.attempt(build, 1);
      const apps = [...farm.both('api'), ...farm.both('coordinator'), ...farm.both('evaluator')];
      await Promise.all([...apps, ...farm.both('substituter')].map((app) => app.stop()));
      const busy = await farm.sql<{ attempt_id: string }>('select attempt_id from leases');
      expect(busy.map((lease) => lease.attempt_id)).toEqual([second.id]);
      expect(await farm.sql(`select from evaluations where status = 'started'`)).toEqual([]);
      expect(
        await farm.sql(`select from builds b where status in ('submitted', 'started')
        and not exists (select from leases l where l.build_id = b.id)`),
      ).toEqual([]);
      const names = ['api', 'coordinator', 'evaluator', 'substituter'];
      await Promise.all(
        names.flatMap((n) => [farm.startAgain(`${n}-1`), farm.startAgain(`${n}-2`)]),
      );
      await farm.openGate(second);
      const end = await farm.ended(build);
      expect(end.attempts.map((one) => one.id)).toContain(second.id);
      expect(endsOf(end).slice(1)).toEqual(['succeeded']);
    },
    patience,
  );

  it(
    'row 21: clocks that are an hour off or jump in mid-run end no lease and no build',
    async () => {
      const preload = join(farm.directory, 'skew.mjs');
      await writeFile(preload, skewedClock);
      const skew = { NODE_OPTIONS: `--import ${preload}` };
      const apps = ['api', 'coordinator', 'substituter'].flatMap((app) => [`${app}-1`, `${app}-2`]);
      await Promise.all(
        [...farm.workers, ...apps].map(async (name) => {
          await farm.process(name).kill();
          const hours = name.endsWith('1') ? '1' : '-1';
          await farm.startAgain(name, { ...skew, SKEW_HOURS: hours, SKEW_AFTER_MS: '3000' });
        }),
      );
      const { build, first } = await running('skewed');
      await farm.until('three leases to pass by the clock of the database', async () => {
        const rows = await farm.sql(
          `select from attempts where id = $1 and created_at < now() - make_interval(secs => $2)`,
          [first.id, 3 * farm.leaseSeconds],
        );
        return rows.length > 0 ? true : null;
      });
      await farm.openGate(first);
      expect(endsOf(await farm.ended(build))).toEqual(['succeeded']);
    },
    patience,
  );
});

/** From the given moment of the process's life on, its calendar is off; its stopwatch is not. */
const skewedClock = `
const Real = Date;
const { SKEW_HOURS: hours, SKEW_AFTER_MS: after } = process.env;
const now = () => Real.now() + (performance.now() > Number(after) ? Number(hours) * 3600000 : 0);
globalThis.Date = new Proxy(Real, {
  construct: (of, args) => (args.length === 0 ? new of(now()) : new of(...args)),
  apply: () => new Real(now()).toString(),
  get: (of, name) => (name === 'now' ? now : Reflect.get(of, name)),
});
`;
