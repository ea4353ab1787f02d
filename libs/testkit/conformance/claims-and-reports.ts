/** What every ClaimStore and ReportStore must do; the fakes and Postgres run it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { nextBuildStatus } from '#domain/build/next-build-status.js';
import type { Fence } from '#domain/ids.js';
import { builderFailed, FarmBench, leaseSeconds, noSpace, type OpenFarm } from './farm-bench.js';

const strange = '00000000deadbeef' as Fence;

export function claimsAndReportsConformance(name: string, open: OpenFarm): void {
  describe(`claims and reports on ${name}`, () => {
    const at: { farm?: FarmBench } = {};
    const farm = (): FarmBench => at.farm!;
    beforeEach(async () => {
      at.farm = await FarmBench.open(open);
    });
    afterEach(() => at.farm?.subject.close());
    claims(farm);
    faults(farm);
    reports(farm);
    outputs(farm);
  });
}

function claims(farm: () => FarmBench): void {
  it('a claim writes build, attempt and lease together', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    const claimed = await farm().claimed(build!, worker, 1);
    const { builds, attempts, leases } = await farm().subject.rows();
    expect(builds[0]).toMatchObject({ status: 'submitted', attempts: 1, releaseExpiresAt: null });
    const mine = { build, worker, slot: 1, fence: claimed.fence };
    expect(attempts).toMatchObject([{ ...mine, number: 1, status: 'submitted', endedAt: null }]);
    expect(leases).toMatchObject([{ ...mine, attempt: claimed.attempt, cancelReason: null }]);
  });

  it('a ticket of another generation claims nothing', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    const generation = (await farm().released(build!)) - 1;
    const { claims } = farm().stores;
    const request = { worker, slot: 0, build: build!, generation, fence: strange, leaseSeconds };
    expect(await claims.claim(request)).toEqual({ ok: false, error: { kind: 'stale' } });
    expect(await farm().statuses()).toEqual(['scheduled']);
  });

  it('a slot that has a live attempt takes no other, and nothing of the claim stays', async () => {
    const [first, second] = await farm().graph([], []);
    const worker = await farm().worker();
    await farm().claimed(first!, worker);
    const generation = await farm().released(second!);
    const fence = farm().fence();
    const request = { worker, slot: 0, build: second!, generation, fence, leaseSeconds };
    const refused = await farm().stores.claims.claim(request);
    expect(refused).toEqual({ ok: false, error: { kind: 'slot-taken' } });
    expect(await farm().build(second!)).toMatchObject({ status: 'scheduled', attempts: 0 });
  });

  it('a paused worker takes nothing', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    await farm().stores.standings.pause(worker, { note: '', until: null });
    const generation = await farm().released(build!);
    const request = { worker, slot: 0, build: build!, generation, fence: strange, leaseSeconds };
    const refused = await farm().stores.claims.claim(request);
    expect(refused).toEqual({ ok: false, error: { kind: 'worker-not-taking' } });
  });

  it('a repeated claim of a slot gets the same build, its lease renewed', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    const claimed = await farm().claimed(build!, worker);
    const before = (await farm().subject.rows()).leases[0]!.expiresAt;
    await farm().pass(10);
    expect(await farm().stores.claims.held(worker, [0], leaseSeconds)).toEqual([claimed]);
    expect((await farm().subject.rows()).leases[0]!.expiresAt).toBe(before + 10_000);
    expect(await farm().stores.claims.held(worker, [1], leaseSeconds)).toEqual([]);
  });
}

function faults(farm: () => FarmBench): void {
  it('a build goes to another worker after a farm fault, as long as there is one', async () => {
    const [build] = await farm().graph([]);
    const [one, other] = [await farm().worker(), await farm().worker()];
    const claimed = await farm().claimed(build!, one);
    await farm().settle(farm().report(claimed, one), noSpace);
    await farm().pass(5);
    const generation = await farm().released(build!);
    const request = { slot: 0, build: build!, generation, leaseSeconds };
    const { claims } = farm().stores;
    const avoided = await claims.claim({ ...request, worker: one, fence: farm().fence() });
    expect(avoided).toEqual({ ok: false, error: { kind: 'avoided', passed: null } });
    await farm().pass(2);
    expect(await farm().claimed(build!, other)).toMatchObject({ build });
  });

  it('a builder is told to run by the fence alone, and once', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    const { attempt, fence } = await farm().claimed(build!, worker);
    const { claims } = farm().stores;
    expect(await claims.started(worker, attempt, strange)).toBeNull();
    expect(await claims.started(worker, attempt, fence)).toBe(build);
    expect(await claims.started(worker, attempt, fence)).toBeNull();
    expect((await farm().subject.rows()).attempts[0]!.status).toBe('started');
  });
}

function reports(farm: () => FarmBench): void {
  it('a report without the fence, or of another worker, changes nothing', async () => {
    const [build] = await farm().graph([]);
    const [worker, other] = [await farm().worker(), await farm().worker()];
    const claimed = await farm().claimed(build!, worker);
    for (const wrong of [{ fence: strange }, { worker: other }]) {
      const report = farm().report(claimed, worker, wrong);
      expect(await farm().settle(report, builderFailed)).toEqual({ accepted: false });
    }
    expect(await farm().statuses()).toEqual(['submitted']);
  });

  it('a repeated report is accepted and changes nothing more', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    const report = farm().report(await farm().claimed(build!, worker), worker);
    expect(await farm().settle(report, builderFailed)).toMatchObject({ accepted: true, build });
    const again = await farm().settle(report, { kind: 'succeeded' });
    expect(again).toMatchObject({ accepted: true, build: null, settlement: null });
    const { builds, leases } = await farm().subject.rows();
    expect(builds[0]).toMatchObject({ status: 'failed', failurePropagated: false });
    expect(leases).toEqual([]);
  });

  it('a late report of a lost attempt is refused', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    const report = farm().report(await farm().claimed(build!, worker), worker);
    await farm().settle(report, { kind: 'failed', reason: 'worker-lost', message: 'gone' });
    expect(await farm().settle(report, builderFailed)).toEqual({ accepted: false });
    expect(await farm().build(build!)).toMatchObject({ status: 'scheduled', farmFaults: 1 });
  });

  it('reaping changes nothing when the lease turns out to be renewed', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    const claimed = await farm().claimed(build!, worker);
    const reap = farm().report(claimed, worker, { onlyIfExpired: true });
    expect(await farm().settle(reap, noSpace)).toEqual({ accepted: false });
    await farm().pass(leaseSeconds + 1);
    expect(await farm().settle(reap, noSpace)).toMatchObject({ accepted: true });
  });

  it('a call that throws in the middle writes nothing of any report', async () => {
    const [first, second] = await farm().graph([], []);
    const worker = await farm().worker();
    const reports = [
      farm().report(await farm().claimed(first!, worker, 0), worker),
      farm().report(await farm().claimed(second!, worker, 1), worker),
    ];
    const settling = farm().stores.reports.settle(reports, (attempt) => {
      throw new Error(`no answer for ${attempt}`);
    });
    await expect(settling).rejects.toThrow('no answer');
    expect(await farm().statuses()).toEqual(['submitted', 'submitted']);
    expect((await farm().subject.rows()).leases).toHaveLength(2);
  });
}

function outputs(farm: () => FarmBench): void {
  it('a success offers what has arrived, with its references, and drops the uploads', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    await farm().succeeded(build!, worker);
    const { builds, paths, uploads, attempts } = await farm().subject.rows();
    expect(builds[0]).toMatchObject({ status: 'succeeded' });
    expect(attempts[0]).toMatchObject({ status: 'succeeded', logBytes: 7 });
    expect(paths).toMatchObject([{ narHash: 'sha256:1', references: [], nars: 1 }]);
    expect(uploads).toEqual([]);
  });

  it('what is offered already is told to whoever judges a report of other bytes', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    await farm().succeeded(build!, worker);
    const { outputs: known } = await farm().subject.rows();
    const path = known[0]!.path!;
    const [, other] = await farm().graph([], []);
    const claimed = await farm().claimed(other!, worker);
    const output = { name: 'out', path, narHash: 'sha256:2', narSize: 5, references: [] };
    const report = { ...farm().report(claimed, worker), outputs: [output] };
    const offered: string[][] = [];
    await farm().stores.reports.settle([report], (_attempt, facts, arrived) => {
      offered.push(...arrived!.offered);
      return nextBuildStatus(noSpace, facts);
    });
    expect(offered).toEqual([[path, 'sha256:1']]);
  });
}
