import { describe, expect, it } from '@jest/globals';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import { PostgresWorkerRecord } from '#adapters/postgres/worker-record.js';
import { randomFence } from '#adapters/system/secret.js';
import { acceptReports } from '#application/accept-report.js';
import { judgeWorkers } from '#application/judge-workers.js';
import { restartBuild } from '#application/restart-builds.js';
import type { BuildLimits } from '#domain/build/limits.js';
import type { FailureReason } from '#domain/build/reason.js';
import type { BuildId, Fence, WorkerId } from '#domain/ids.js';
import { amdClass, type EngineFarm, leaseSeconds } from './engine-support.js';
import { freshEngines } from './fresh-engines.js';
import { LifecycleFarm } from './lifecycle-support.js';

let farm: LifecycleFarm;
let engine: EngineFarm;

freshEngines(async (fresh) => {
  engine = fresh;
  farm = new LifecycleFarm(engine);
  // The evaluation that brought the builds.
  await farm.evaluation('origin', []);
});

const limits: BuildLimits = { timeoutSeconds: 60, maxSilentSeconds: 30 };

/** A new evaluation names these builds as jobs. */
async function demand(builds: readonly BuildId[], wished: BuildLimits = limits): Promise<void> {
  const evaluation = await farm.evaluation('again', [], { status: 'started' });
  const fence = randomFence() as Fence;
  await engine.database.execute(
    `update evaluations set lease_fence = $2, lease_expires_at = now() + interval '1 minute'
      where id = $1`,
    [evaluation, fence],
  );
  const paths = await engine.database.query<{ path: string }>(
    'select path from derivations where id = any ($1) order by id',
    [builds],
  );
  const outcome = await new PostgresIngestStore(engine.database).ingest(
    { evaluation, fence },
    {
      ...{ storeSlug: 'local', pack: null, limits: wished, priority: 9, derivations: [] },
      jobs: paths.map(({ path }) => ({
        ...{ name: path, system: 'x86_64-linux', derivation: path },
        ...{ error: null, meta: {}, limits: null },
      })),
    },
  );
  expect(outcome).not.toBeNull();
}

/** One attempt of a build at a worker that ends so. */
async function attempt(build: BuildId, worker: WorkerId, reason: FailureReason): Promise<void> {
  await engine.database.execute('update builds set not_before = null where id = $1', [build]);
  const claimed = await engine.claimed(build, worker);
  const outcome = { kind: 'failed', reason, message: `because of ${reason}` } as const;
  const { attempt: number, fence } = claimed;
  const report = { worker, attempt: number, fence, logBytes: 0, outputs: [], outcome };
  expect(await acceptReports({ store: engine.reports, bus: farm.bus }, [report])).toEqual([true]);
}

async function newBuild(more: { fixedOutput?: boolean } = {}): Promise<BuildId> {
  const [build] = await engine.builds(1);
  await engine.database.execute(
    'update builds set timeout_seconds = 60, max_silent_seconds = 30 where id = $1',
    [build],
  );
  await engine.database.execute('update derivations set fixed_output = $2 where id = $1', [
    build,
    more.fixedOutput ?? false,
  ]);
  return build!;
}

describe('the package’s fault', () => {
  it('is remembered: a later evaluation does not build it again', async () => {
    const build = await newBuild();
    await attempt(build, await engine.worker(), 'builder-failed');
    await demand([build], { timeoutSeconds: 600, maxSilentSeconds: 600 });
    expect(await engine.status(build)).toMatchObject({ status: 'failed', attempts: 1 });
  });

  it('of time is tried again when an evaluation allows it more, and only then', async () => {
    const build = await newBuild();
    const [dependent] = await engine.builds(1);
    await engine.edges([[dependent!, build]]);
    await attempt(build, await engine.worker(), 'timed-out');
    await farm.tellFailures();
    await demand([dependent!]);
    expect(await farm.statusOf(build, dependent!)).toEqual(['failed', 'failed-dependency']);
    await demand([dependent!], { ...limits, timeoutSeconds: 61 });
    expect(await farm.statusOf(build, dependent!)).toEqual(['scheduled', 'scheduled']);
    expect(await engine.status(build)).toMatchObject({ timeout_seconds: 61 });
  });

  it('of time is tried again at once when more was allowed while it ran', async () => {
    const build = await newBuild();
    const worker = await engine.worker();
    const claimed = await engine.claimed(build, worker);
    await engine.database.execute('update builds set timeout_seconds = 90 where id = $1', [build]);
    const outcome = { kind: 'failed', reason: 'timed-out', message: 'late' } as const;
    const report = { worker, ...claimed, logBytes: 0, outputs: [], outcome };
    await acceptReports({ store: engine.reports, bus: farm.bus }, [report]);
    expect(await engine.status(build)).toMatchObject({ status: 'scheduled', farm_faults: 0 });
  });

  it('of a fixed-output fetch is never remembered', async () => {
    const build = await newBuild({ fixedOutput: true });
    await attempt(build, await engine.worker(), 'hash-mismatch');
    expect(await farm.statusOf(build)).toEqual(['failed']);
    await demand([build]);
    expect(await farm.statusOf(build)).toEqual(['scheduled']);
  });
});

describe('the farm’s fault', () => {
  it('is tried again, bounded, with every attempt as evidence; and never remembered', async () => {
    const build = await newBuild();
    const workers: WorkerId[] = [];
    for (let tried = 0; tried < 5; tried += 1) {
      expect(await farm.statusOf(build)).toEqual(['scheduled']);
      workers.push(await engine.worker());
      await attempt(build, workers[tried]!, tried % 2 === 0 ? 'no-space' : 'upload-failed');
    }
    expect(await engine.status(build)).toMatchObject({
      ...{ status: 'failed-other', reason: 'no-space' },
      farm_faults: 5,
    });
    const evidence = await engine.attempts(build);
    expect(evidence.map((one) => [one['worker_id'], one['status'], one['reason']])).toEqual(
      workers.map((worker, at) => [
        worker,
        'failed-other',
        at % 2 === 0 ? 'no-space' : 'upload-failed',
      ]),
    );
    await demand([build]);
    expect(await engine.status(build)).toMatchObject({ status: 'scheduled', farm_faults: 0 });
  });

  async function claim(build: BuildId, worker: WorkerId) {
    await engine.database.execute('update builds set not_before = null where id = $1', [build]);
    const { tickets } = await engine.releases.release(
      [{ build, workerClass: amdClass, rank: 1 }],
      30,
    );
    const { generation } = tickets[0]!;
    const fence = randomFence();
    return engine.claims.claim({ worker, slot: 0, build, generation, fence, leaseSeconds });
  }

  it('sends a build to another worker of the class while there is one', async () => {
    const build = await newBuild();
    const [first, second] = [await engine.worker(), await engine.worker()];
    await attempt(build, first, 'no-space');
    expect(await claim(build, first)).toEqual({
      ok: false,
      error: { kind: 'avoided', passed: null },
    });
    const put = await engine.status(build);
    expect(put).toMatchObject({ status: 'scheduled', release_expires_at: null, attempts: 1 });
    expect((await claim(build, second)).ok).toBe(true);
  });

  it('sends it to another class, and to the same worker when nobody else is there', async () => {
    const build = await newBuild();
    const [first, second] = [await engine.worker(), await engine.worker()];
    await engine.database.execute(`update workers set class = 'fast' where id = $1`, [second]);
    await attempt(build, first, 'upload-failed');
    const refused = await claim(build, first);
    const { generation } = (await engine.status(build)) as { generation: number };
    expect(refused).toEqual({
      ok: false,
      error: { kind: 'avoided', passed: { class: 'fast', generation } },
    });
    await engine.database.execute('update workers set gateway = null where id = $1', [second]);
    await engine.database.execute(
      'update builds set release_expires_at = null, worker_class = null where id = $1',
      [build],
    );
    expect((await claim(build, first)).ok).toBe(true);
  });
});

describe('a build that workers do not survive', () => {
  it('is quarantined after the third, and only a person schedules it again', async () => {
    const build = await newBuild();
    for (let lost = 0; lost < 3; lost += 1) {
      await attempt(build, await engine.worker(), 'worker-lost');
    }
    expect(await engine.status(build)).toMatchObject({
      status: 'failed-other',
      reason: 'quarantined',
    });
    await demand([build]);
    expect(await farm.statusOf(build)).toEqual(['failed-other']);
    await restartBuild(farm.parts, build, false);
    expect(await farm.statusOf(build)).toEqual(['scheduled']);
    // Its former life is not held against it.
    await attempt(build, await engine.worker(), 'worker-lost');
    expect(await farm.statusOf(build)).toEqual(['scheduled']);
  });
});

describe('a worker that fails everything', () => {
  const judge = () =>
    judgeWorkers({ store: new PostgresWorkerRecord(engine.database), bus: farm.bus });

  it('is drained by itself, told why, and judged anew once a person resumes it', async () => {
    const [bad, good] = [await engine.worker({ name: 'bad' }), await engine.worker()];
    for (let tried = 0; tried < 5; tried += 1) {
      await attempt(await newBuild(), good, 'builder-failed');
      expect(await judge()).toEqual([]);
      await attempt(await newBuild(), bad, 'no-space');
    }
    const why = "Its last 5 attempts, of 5 builds, ended by the farm's fault: no-space.";
    expect(await judge()).toEqual([{ name: 'bad', why }]);
    const [row] = await engine.database.query(
      'select draining, pause_note from workers where id = $1',
      [bad],
    );
    expect(row).toEqual({ draining: true, pause_note: why });
    expect(farm.bus.wire.said).toContainEqual({ topic: `worker/${bad}`, message: 'drain' });
    await engine.database.execute('update workers set draining = false where id = $1', [bad]);
    expect(await judge()).toEqual([]);
  });

  it('is none when all workers lose the way to the farm', async () => {
    const workers = [await engine.worker(), await engine.worker()];
    for (let tried = 0; tried < 5; tried += 1) {
      for (const worker of workers) await attempt(await newBuild(), worker, 'upload-failed');
    }
    expect(await judge()).toEqual([]);
  });
});
