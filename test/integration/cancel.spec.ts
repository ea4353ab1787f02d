import { describe, expect, it } from '@jest/globals';
import { PostgresEvaluationLeases } from '#adapters/postgres/evaluation-store.js';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import { PostgresSpecificationStore } from '#adapters/postgres/specification-store.js';
import { acceptReports } from '#application/accept-report.js';
import { cancelBuild, cancelEvaluation } from '#application/cancel-builds.js';
import { restartEvaluation } from '#application/restart-builds.js';
import type { ClaimedBuild } from '#application/ports/claim-store.js';
import type { Canceled, CancelIntent } from '#application/ports/intent-store.js';
import type { IngestDerivation } from '#application/ports/ingest-store.js';
import type { BuildId, EvaluationId, Fence, WorkerId } from '#domain/ids.js';
import type { EngineFarm } from './engine-support.js';
import { freshEngines } from './fresh-engines.js';
import { LifecycleFarm } from './lifecycle-support.js';

let farm: LifecycleFarm;
let engine: EngineFarm;

freshEngines(async (fresh) => {
  engine = fresh;
  farm = new LifecycleFarm(engine);
  await farm.evaluation('origin', [], { status: 'failed' });
});

async function cancel(evaluation: EvaluationId): Promise<void> {
  expect((await cancelEvaluation(farm.parts, evaluation)).ok).toBe(true);
  await farm.carryOut();
}

async function wished(build: BuildId): Promise<string | null | undefined> {
  const rows = await engine.database.query<{ cancel_reason: string | null }>(
    'select cancel_reason from leases where build_id = $1',
    [build],
  );
  return rows[0]?.cancel_reason;
}

async function stops(worker: WorkerId, { attempt, fence }: ClaimedBuild): Promise<void> {
  const outcome = { kind: 'canceled', message: 'stopped' } as const;
  const report = { worker, attempt, fence, logBytes: 0, outputs: [], outcome };
  await acceptReports({ store: engine.reports, bus: farm.bus }, [report]);
}

/** A reading of a specification that is under way, with its lease. */
async function reading(name: string, document: object = {}) {
  const evaluation = await farm.evaluation(name, [], { status: 'started', document });
  const fence = '0123456789abcdef' as Fence;
  await engine.database.execute(
    `update evaluations set lease_fence = $2, lease_expires_at = now() + interval '1 minute'
      where id = $1`,
    [evaluation, fence],
  );
  return { evaluation, fence };
}

async function ingest(
  lease: { evaluation: EvaluationId; fence: Fence },
  wish: { derivations?: IngestDerivation[]; jobs?: string[]; by?: PostgresIngestStore },
) {
  return (wish.by ?? new PostgresIngestStore(engine.database)).ingest(lease, {
    ...{ storeSlug: 'local', pack: null, priority: 9 },
    limits: { timeoutSeconds: 60, maxSilentSeconds: 60 },
    derivations: wish.derivations ?? [],
    jobs: (wish.jobs ?? []).map((path) => ({
      ...{ name: path, system: 'x86_64-linux', derivation: path },
      ...{ error: null, meta: {}, limits: null },
    })),
  });
}

async function pathOf(build: BuildId): Promise<string> {
  const rows = await engine.database.query<{ path: string }>(
    'select path from derivations where id = $1',
    [build],
  );
  return rows[0]!.path;
}

describe('two specifications that share half their derivations', () => {
  it('lose nothing by one another: only what one alone needs is canceled with it', async () => {
    const size = 50;
    const shared = await engine.builds(size);
    const [mine, theirs] = [await engine.builds(size), await engine.builds(size)];
    const [running] = await engine.builds(1);
    for (const own of [mine, theirs]) {
      await engine.edges(own.map((build, at) => [build, shared[at % (size / 2)]!]));
    }
    // The second half of what is shared are jobs of both.
    const both = shared.slice(size / 2);
    const one = await farm.evaluation('one', [...mine, ...both, running!]);
    await farm.evaluation('two', [...theirs, ...both]);
    const worker = await engine.worker({ slots: 3 });
    await engine.claimed(shared[0]!, worker, 0);
    await engine.claimed(both[0]!, worker, 1);
    await engine.claimed(running!, worker, 2);

    await cancel(one);

    expect(await farm.statusOf(...theirs)).toEqual(theirs.map(() => 'scheduled'));
    expect(await farm.statusOf(...shared)).toEqual(
      shared.map((build) => (build === shared[0] || build === both[0] ? 'submitted' : 'scheduled')),
    );
    expect(await farm.statusOf(...mine)).toEqual(mine.map(() => 'canceled'));
    expect([await wished(shared[0]!), await wished(both[0]!)]).toEqual([null, null]);
    expect(await wished(running!)).toBe('canceled');
    expect(farm.bus.wire.said).toContainEqual({ topic: `worker/${worker}`, message: 'cancel' });
  });

  it('keep what only a failed dependent of the other still leads to', async () => {
    const [broken, input, top] = await engine.builds(3);
    await engine.edges([
      [top!, broken!],
      [top!, input!],
    ]);
    await farm.ended(broken!, 'failed');
    await farm.tellFailures();
    const one = await farm.evaluation('one', [input!]);
    await farm.evaluation('two', [top!]);
    await cancel(one);
    expect(await farm.statusOf(input!)).toEqual(['scheduled']);
  });
});

describe('a canceled evaluation', () => {
  it('is canceled once, stays succeeded, and is lifted by a restart', async () => {
    const builds = await engine.builds(3);
    const evaluation = await farm.evaluation('one', builds);
    await cancel(evaluation);
    expect(await engine.statuses()).toEqual({ canceled: 3 });
    expect(await cancelEvaluation(farm.parts, evaluation)).toEqual({
      ok: false,
      error: { kind: 'evaluation-over', status: 'succeeded', canceled: true },
    });
    await restartEvaluation(farm.parts, evaluation, 'canceled');
    await farm.carryOut();
    expect(await engine.statuses()).toEqual({ scheduled: 3 });
    await cancel(evaluation);
    expect(await engine.statuses()).toEqual({ canceled: 3 });
  });

  it('is carried out by another process when the first ends', async () => {
    const evaluation = await farm.evaluation('one', await engine.builds(3));
    await cancelEvaluation(farm.parts, evaluation);
    expect(await farm.carryOut(() => false)).toBe(0);
    expect(await engine.statuses()).toEqual({ scheduled: 3 });
    expect(await farm.carryOut()).toBe(1);
    expect(await engine.statuses()).toEqual({ canceled: 3 });
  });

  it('that is still read is aborted, and its reader writes nothing more', async () => {
    const lease = await reading('one');
    await cancel(lease.evaluation);
    const leases = new PostgresEvaluationLeases(engine.database);
    expect(await leases.renew(lease, 60)).toBe(false);
    expect(await ingest(lease, {})).toBeNull();
    const [row] = await engine.database.query(
      'select status, reason from evaluations where id = $1',
      [lease.evaluation],
    );
    expect(row).toEqual({ status: 'aborted', reason: 'canceled' });
  });
});

describe('a large cancel', () => {
  it('ends first what runs or may be claimed, and tells each part', async () => {
    const builds = await engine.builds(6);
    const worker = await engine.worker();
    await engine.claimed(builds[3]!, worker);
    await engine.releases.release([{ build: builds[4]!, workerClass: 'c', rank: 1 }], 30);
    const evaluation = await farm.evaluation('one', builds);
    await cancelEvaluation(farm.parts, evaluation);
    const intent = (await farm.intents.next()) as CancelIntent;
    const parts: Canceled[] = [];
    const statuses: string[][] = [];
    const all = await farm.intents.cancel(intent, async (part) => {
      parts.push(part);
      statuses.push(await farm.statusOf(...builds));
      return true;
    });
    expect(parts[0]).toEqual({ builds: 2, workers: [worker] });
    expect(await wished(builds[3]!)).toBe('canceled');
    expect(statuses[0]!.filter((status) => status === 'canceled')).toHaveLength(1);
    expect(all).toEqual({ builds: 6, workers: [worker] });
  });

  it('that is told to stop leaves the rest to the next', async () => {
    const builds = await engine.builds(4);
    await cancelEvaluation(farm.parts, await farm.evaluation('one', builds));
    const intent = (await farm.intents.next()) as CancelIntent;
    expect((await farm.intents.cancel(intent, async () => false)).builds).toBe(0);
    expect(await engine.statuses()).toEqual({ scheduled: 4 });
    await farm.carryOut();
    expect(await engine.statuses()).toEqual({ canceled: 4 });
  });
});

describe('an archived specification', () => {
  it('takes with it the builds of its evaluations that no other needs', async () => {
    const [shared, own, above, running] = await engine.builds(4);
    await engine.edges([[above!, own!]]);
    const claimed = await engine.claimed(running!, await engine.worker());
    await farm.evaluation('gone', [shared!, above!]);
    await farm.evaluation('gone', [above!, running!]);
    await farm.evaluation('stays', [shared!]);
    const reading = await farm.evaluation('gone', [], { status: 'started' });
    const store = new PostgresSpecificationStore(engine.database.url);
    expect([await store.archive('gone'), await store.archive('gone')]).toEqual([true, false]);
    await store.close();
    await farm.carryOut();
    expect(await farm.statusOf(shared!, own!, above!)).toEqual([
      'scheduled',
      'canceled',
      'canceled',
    ]);
    expect(await wished(claimed.build)).toBe('archived');
    const [row] = await engine.database.query(
      'select status, reason from evaluations where id = $1',
      [reading],
    );
    expect(row).toEqual({ status: 'aborted', reason: 'archived' });
  });
});

describe('a canceled build', () => {
  it('is no failed one: the next evaluation that needs it schedules it again', async () => {
    const [build] = await engine.builds(1);
    await cancel(await farm.evaluation('one', [build!]));
    expect(await farm.statusOf(build!)).toEqual(['canceled']);
    await ingest(await reading('two'), { jobs: [await pathOf(build!)] });
    expect(await farm.statusOf(build!)).toEqual(['scheduled']);
  });

  it('that is wanted again while its worker stops it is handed back, not canceled', async () => {
    const [build] = await engine.builds(1);
    const worker = await engine.worker();
    const claimed = await engine.claimed(build!, worker);
    await cancel(await farm.evaluation('one', [build!]));
    expect(await wished(build!)).toBe('canceled');
    await ingest(await reading('two'), { jobs: [await pathOf(build!)] });
    expect(await wished(build!)).toBeNull();
    await stops(worker, claimed);
    expect(await engine.status(build!)).toMatchObject({ status: 'scheduled', farm_faults: 0 });
  });

  it('ends canceled when its worker has stopped it, or was lost meanwhile', async () => {
    const builds = await engine.builds(2);
    const worker = await engine.worker({ slots: 2 });
    const claimed = [
      await engine.claimed(builds[0]!, worker, 0),
      await engine.claimed(builds[1]!, worker, 1),
    ];
    await cancel(await farm.evaluation('one', builds));
    await stops(worker, claimed[0]!);
    const { attempt, fence } = claimed[1]!;
    const lost = { kind: 'failed', reason: 'worker-lost', message: 'gone' } as const;
    const report = { worker, attempt, fence, logBytes: 0, outputs: [], outcome: lost };
    await acceptReports({ store: engine.reports, bus: farm.bus }, [report]);
    expect(await engine.statuses()).toEqual({ canceled: 2 });
  });

  it('is seen again by a reading that had settled it before', async () => {
    const [build] = await engine.builds(1);
    const one = await farm.evaluation('one', [build!]);
    const lease = await reading('two');
    const by = new PostgresIngestStore(engine.database);
    const path = await pathOf(build!);
    // The batch lists it; the job that names it comes with a later batch.
    const listed: IngestDerivation = {
      ...{ path, name: 'd', packageName: 'd', system: 'x86_64-linux', requiredFeatures: [] },
      ...{ fixedOutput: false, outputs: [{ name: 'out', path: null }], inputs: [] },
    };
    await ingest(lease, { derivations: [listed], by });
    await cancel(one);
    expect(await farm.statusOf(build!)).toEqual(['canceled']);
    await ingest(lease, { jobs: [path], by });
    expect(await farm.statusOf(build!)).toEqual(['scheduled']);
  });

  it('alone is refused while several live evaluations need it, unless forced', async () => {
    const [build, top] = await engine.builds(2);
    await engine.edges([[top!, build!]]);
    const one = await farm.evaluation('one', [build!]);
    const two = await farm.evaluation('two', [top!]);
    expect(await cancelBuild(farm.parts, build!, false)).toEqual({
      ok: false,
      error: { kind: 'needed', evaluations: [one, two] },
    });
    expect((await cancelBuild(farm.parts, build!, true)).ok).toBe(true);
    expect(await farm.statusOf(build!, top!)).toEqual(['canceled', 'scheduled']);
    expect(await cancelBuild(farm.parts, build!, false)).toMatchObject({
      ok: false,
      error: { kind: 'build-status', status: 'canceled' },
    });
  });
});

describe('an evaluation that failed', () => {
  it('lets its builds go on only while another live evaluation needs them', async () => {
    const lease = await reading('one');
    const builds = await engine.builds(2);
    await engine.database.execute('update builds set evaluation_id = $1', [lease.evaluation]);
    await farm.evaluation('two', [builds[0]!]);
    await farm.carryOut();
    expect(await engine.statuses()).toEqual({ scheduled: 2 });
    const end = { status: 'failed', reason: 'evaluator-failed', message: 'no' } as const;
    expect(await new PostgresEvaluationLeases(engine.database).finish(lease, end)).toBe(true);
    await farm.carryOut();
    expect(await farm.statusOf(...builds)).toEqual(['scheduled', 'canceled']);
  });
});

describe('a newer evaluation that was read to its end', () => {
  const done = { status: 'succeeded', reason: null, message: null } as const;

  it.each([
    ['keep', ['scheduled', 'scheduled', 'scheduled']],
    ['cancel', ['canceled', 'scheduled', 'scheduled']],
  ])('does to what it supersedes as the specification says: %s', async (superseded, expected) => {
    const [old, both, fresh] = await engine.builds(3);
    const document = { superseded };
    await farm.evaluation('one', [old!, both!], { document });
    const lease = await reading('one', document);
    await farm.jobs(lease.evaluation, [both!, fresh!]);
    await farm.carryOut();
    expect(await farm.statusOf(old!, both!, fresh!)).toEqual(Array(3).fill('scheduled'));
    expect(await new PostgresEvaluationLeases(engine.database).finish(lease, done)).toBe(true);
    await farm.carryOut();
    expect(await farm.statusOf(old!, both!, fresh!)).toEqual(expected);
  });

  it('leaves other specifications alone', async () => {
    const [old] = await engine.builds(1);
    await farm.evaluation('one', [old!], { document: { superseded: 'cancel' } });
    const lease = await reading('two', { superseded: 'cancel' });
    await new PostgresEvaluationLeases(engine.database).finish(lease, done);
    await farm.carryOut();
    expect(await farm.statusOf(old!)).toEqual(['scheduled']);
  });
});
