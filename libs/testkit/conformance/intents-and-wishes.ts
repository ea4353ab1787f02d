/** What every IntentStore, WishStore and WorkerStandingStore must do; fakes and Postgres run it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judgeRestart } from '#domain/build/restart.js';
import type { BuildId } from '#domain/ids.js';
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type { CancelIntent, RestartIntent } from '#application/ports/intent-store.js';
import type { FarmStores, SpecificationWish } from '../farm-subject.js';
import { builderFailed, FarmBench, type OpenFarm } from './farm-bench.js';

const succeeded = { status: 'succeeded', reason: null, message: null } as const;
const replacing: SpecificationWish = { share: 100, maxRunning: null, superseded: 'cancel' };

export function intentsAndWishesConformance(name: string, open: OpenFarm): void {
  describe(`intents and wishes on ${name}`, () => {
    const at: { farm?: FarmBench } = {};
    const farm = (): FarmBench => at.farm!;
    beforeEach(async () => {
      at.farm = await FarmBench.open(open);
    });
    afterEach(() => at.farm?.subject.close());
    cancels(farm);
    hurries(farm);
    restarts(farm);
    standings(farm);
  });
}

const storesOf = (farm: () => FarmBench): FarmStores => farm().stores;

function cancels(farm: () => FarmBench): void {
  /** A second evaluation with its own job; the derivations are those of the first. */
  async function another(
    inputs: readonly (readonly number[])[],
    jobs: readonly number[],
  ): Promise<EvaluationLease> {
    const lease = await farm().subject.evaluation();
    await farm().ingest(inputs, lease, jobs);
    return lease;
  }

  it('a canceled evaluation takes with it only what nobody else needs', async () => {
    const inputs = [[], [1], [1]];
    await farm().ingest(inputs, farm().lease, [2]);
    await another(inputs, [3]);
    await farm().stores.readings.finish(farm().lease, succeeded);
    await farm().stores.wishes.cancelEvaluation(farm().lease.evaluation);
    const intent = (await farm().stores.intents.next()) as CancelIntent;
    expect(intent).toMatchObject({ kind: 'cancel', evaluation: farm().lease.evaluation });
    expect(await farm().stores.intents.cancel(intent)).toEqual({ builds: 1, workers: [] });
    expect(await farm().stores.intents.cancel(intent)).toEqual({ builds: 0, workers: [] });
    expect(await farm().statuses()).toEqual(['scheduled', 'canceled', 'scheduled']);
    expect(await farm().stores.intents.finish(intent)).toBe(0);
    expect(await farm().stores.intents.next()).toBeNull();
  });

  it('what runs is wished to end once, and goes on when somebody needs it again', async () => {
    await farm().ingest([[]], farm().lease, [1]);
    const { builds } = await farm().subject.rows();
    const worker = await farm().worker();
    await farm().claimed(builds[0]!.id, worker);
    await farm().stores.wishes.cancelEvaluation(farm().lease.evaluation);
    const intent = (await farm().stores.intents.next()) as CancelIntent;
    const canceled = await farm().stores.intents.cancel(intent);
    expect(canceled).toEqual({ builds: 1, workers: [worker] });
    const reasons = async () => (await farm().subject.rows()).leases.map((l) => l.cancelReason);
    expect(await reasons()).toEqual(['canceled']);
    await another([[]], [1]);
    expect(await reasons()).toEqual([null]);
    expect((await farm().stores.intents.cancel(intent)).builds).toBe(0);
  });

  it('a newer evaluation leaves an intent for each that it takes the place of', async () => {
    const specification = await farm().subject.specification(replacing);
    const older = await farm().subject.evaluation(specification);
    const newer = await farm().subject.evaluation(specification);
    expect(await farm().stores.readings.finish(newer, succeeded)).toBe(true);
    expect(await farm().stores.readings.finish(newer, succeeded)).toBe(false);
    const { evaluations, intents } = await farm().subject.rows();
    const row = evaluations.find((one) => one.id === older.evaluation)!;
    expect(row).toMatchObject({ status: 'aborted', fence: null });
    expect(intents).toMatchObject([
      { kind: 'cancel', evaluation: older.evaluation, reason: 'superseded', finishedAt: null },
    ]);
  });

  it('a build that two live evaluations need is canceled only by force', async () => {
    await farm().ingest([[]], farm().lease, [1]);
    await another([[]], [1]);
    const build = (await farm().subject.rows()).builds[0]!.id;
    const { wishes } = storesOf(farm);
    const refused = await wishes.cancelBuild(build, false);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'needed' } });
    const canceled = await wishes.cancelBuild(build, true);
    expect(canceled).toMatchObject({ ok: true, value: { status: 'canceled', worker: null } });
    expect(await farm().statuses()).toEqual(['canceled']);
  });
}

function hurries(farm: () => FarmBench): void {
  it('a build is brought to the front with what it waits for, and nothing else', async () => {
    await farm().ingest([[], [1], [2], [1], []], farm().lease, [3, 4, 5]);
    const { builds } = await farm().subject.rows();
    const [, , third, , fifth] = builds.map(({ id }) => id);
    const worker = await farm().worker();
    await farm().claimed(builds[0]!.id, worker);
    expect(await farm().stores.wishes.bumpBuild(third!)).toEqual({ ok: true, value: 3 });
    const priorities = async () => (await farm().subject.rows()).builds.map((b) => b.priority);
    const usual = builds[4]!.priority;
    expect(await priorities()).toEqual([0, 0, 0, usual, usual]);
    expect(await farm().stores.wishes.bumpBuild(third!)).toEqual({ ok: true, value: 0 });
    await farm().stores.wishes.cancelBuild(fifth!, false);
    expect(await farm().stores.wishes.bumpBuild(fifth!)).toMatchObject({
      error: { kind: 'build-status', status: 'canceled' },
    });
    expect(await farm().stores.wishes.bumpBuild(4242 as BuildId)).toMatchObject({
      error: { kind: 'unknown' },
    });
  });
}

function restarts(farm: () => FarmBench): void {
  /** The first of three in a row has failed, and the others fell with it. */
  async function fallen(): Promise<BuildId[]> {
    await farm().ingest([[], [1], [2]], farm().lease, [3]);
    const builds = (await farm().subject.rows()).builds.map((row) => row.id);
    await farm().failed(builds[0]!, await farm().worker());
    await farm().stores.failures.propagate(10);
    await farm().stores.failures.propagate(10);
    return builds;
  }

  it('a build is restarted at once, and what fell with it by the intent', async () => {
    const [first, ...others] = await fallen();
    const { wishes, intents } = storesOf(farm);
    const refused = await wishes.restartBuild(others[0]!, false, judgeRestart);
    expect(refused).toMatchObject({ error: { kind: 'failed-inputs', inputs: [first] } });
    expect(await wishes.restartBuild(first!, true, judgeRestart)).toMatchObject({
      value: { status: 'scheduled' },
    });
    expect(await farm().statuses()).toEqual([
      ...['scheduled', 'failed-dependency', 'failed-dependency'],
    ]);
    const intent = (await intents.next()) as RestartIntent;
    const found = await intents.fallen(intent);
    expect([...found].sort((a, b) => a.id - b.id)).toMatchObject([
      { id: others[0], status: 'failed-dependency', inputs: [] },
      { id: others[1], status: 'failed-dependency', inputs: [others[0]] },
    ]);
    expect(await intents.reschedule(intent, others)).toBe(2);
    expect(await intents.reschedule(intent, others)).toBe(0);
    expect(await intents.finish(intent)).toBe(0);
    expect(await farm().statuses()).toEqual(['scheduled', 'scheduled', 'scheduled']);
  });

  it('a restart leaves alone what fails again after it was asked for', async () => {
    const [first] = await fallen();
    const { wishes, intents } = storesOf(farm);
    await wishes.restartEvaluation(farm().lease.evaluation, 'failed');
    const intent = (await intents.next()) as RestartIntent;
    const ids = async () => (await intents.fallen(intent)).map((build) => build.id);
    expect(await ids()).toContain(first);
    await intents.reschedule(intent, [first!]);
    await farm().pass(5);
    const claimed = await farm().claimed(first!, await farm().worker());
    await farm().settle(farm().report(claimed, (await lastWorker())!), builderFailed);
    expect(await ids()).not.toContain(first);
  });

  it('a restart that ends tells on the failures that its builds wait for', async () => {
    const [first, second] = await fallen();
    const { wishes, intents, failures } = storesOf(farm);
    await wishes.restartEvaluation(farm().lease.evaluation, 'all');
    const intent = (await intents.next()) as RestartIntent;
    await intents.reschedule(intent, [second!]);
    expect(await intents.finish(intent)).toBe(1);
    await failures.propagate(10);
    expect((await farm().build(second!)).status).toBe('failed-dependency');
    expect((await farm().build(first!)).status).toBe('failed');
  });

  async function lastWorker() {
    return (await farm().subject.rows()).workers.at(-1)?.id;
  }
}

function standings(farm: () => FarmBench): void {
  const paused = async () => (await farm().stores.releases.workers()).map((one) => one.paused);

  it('a pause ends by itself at the time that it names', async () => {
    const worker = await farm().worker();
    const { now } = await farm().subject.rows();
    const { standings: store } = farm().stores;
    const until = new Date(now + 60_000).toISOString();
    expect(await store.pause(worker, { note: 'new disk', until })).toBe('done');
    expect(await paused()).toEqual([true]);
    await farm().pass(61);
    expect(await paused()).toEqual([false]);
    expect(await store.pause(worker, { note: 'late', until })).toBe('until-is-past');
  });

  it('a worker that drains takes no more builds until it is resumed', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    const { standings: store, claims } = farm().stores;
    await store.drain(worker, 'a new kernel');
    const generation = await farm().released(build!);
    const claim = { worker, slot: 0, build: build!, generation, leaseSeconds: 30 };
    const refused = await claims.claim({ ...claim, fence: farm().fence() });
    expect(refused).toMatchObject({ ok: false, error: { kind: 'worker-not-taking' } });
    await store.resume(worker);
    expect(await claims.claim({ ...claim, fence: farm().fence() })).toMatchObject({ ok: true });
  });

  it('what a build has lasted is learnt by its name', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    const claimed = await farm().claimed(build!, worker);
    const { claims, durations } = farm().stores;
    await claims.started(worker, claimed.attempt, claimed.fence);
    await farm().pass(7);
    const path = claimed.outputs[0]!.path!;
    await farm().subject.upload(claimed, path, 'sha256:1');
    const output = { name: 'out', path, narHash: 'sha256:1', narSize: 5, references: [] };
    const report = { ...farm().report(claimed, worker), outputs: [output] };
    await farm().settle(report, { kind: 'succeeded' });
    await durations.learn([build!]);
    const { durations: learnt } = await farm().subject.rows();
    expect(learnt).toEqual([
      { packageName: 'p1', system: 'x86_64-linux', milliseconds: 7000, samples: 1 },
    ]);
  });
}
