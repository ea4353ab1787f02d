/** What every LeaseStore and ReleaseStore must do; the fakes and Postgres run it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fence } from '#domain/ids.js';
import { amdClass, FarmBench, leaseSeconds, noAttempt, type OpenFarm } from './farm-bench.js';

const strange = '00000000deadbeef' as Fence;
const gapSeconds = 6;

export function leasesAndReleasesConformance(name: string, open: OpenFarm): void {
  describe(`leases and releases on ${name}`, () => {
    const at: { farm?: FarmBench } = {};
    const farm = (): FarmBench => at.farm!;
    beforeEach(async () => {
      at.farm = await FarmBench.open(open);
    });
    afterEach(() => at.farm?.subject.close());
    renewals(farm);
    presence(farm);
    releases(farm);
  });
}

function renewals(farm: () => FarmBench): void {
  it('a lease is renewed by its worker with its fence, and by nobody else', async () => {
    const [build] = await farm().graph([]);
    const [worker, other] = [await farm().worker(), await farm().worker()];
    const { attempt, fence } = await farm().claimed(build!, worker);
    const before = (await farm().subject.rows()).leases[0]!.expiresAt;
    await farm().pass(5);
    const { leases } = farm().stores;
    const none = { renewed: new Set(), canceled: [] };
    expect(await leases.renew(worker, [{ attempt, fence: strange }], 30)).toEqual(none);
    expect(await leases.renew(other, [{ attempt, fence }], 30)).toEqual(none);
    expect(await leases.renew(worker, [{ attempt: noAttempt, fence }], 30)).toEqual(none);
    expect((await farm().subject.rows()).leases[0]!.expiresAt).toBe(before);
    const renewal = await leases.renew(worker, [{ attempt, fence }], 30);
    expect(renewal).toEqual({ renewed: new Set([attempt]), canceled: [] });
    expect((await farm().subject.rows()).leases[0]!.expiresAt).toBe(before + 5000);
  });

  it('a wish to cancel is told with each renewal', async () => {
    const [build, idle] = await farm().graph([], []);
    const worker = await farm().worker();
    const { attempt, fence } = await farm().claimed(build!, worker);
    const { leases } = farm().stores;
    expect(await leases.wishCancel(build!, 'not wanted')).toBe(worker);
    expect(await leases.wishCancel(build!, 'again')).toBe(worker);
    expect(await leases.wishCancel(idle!, 'not wanted')).toBeNull();
    const { canceled } = await leases.renew(worker, [{ attempt, fence }], 30);
    expect(canceled).toEqual([{ attempt, fence, reason: 'not wanted' }]);
  });

  it('what runs at a worker and is not among what it names is forgotten', async () => {
    const [first, second] = await farm().graph([], []);
    const worker = await farm().worker();
    const begun = await farm().claimed(first!, worker, 0);
    const given = await farm().claimed(second!, worker, 1);
    const { leases, claims } = farm().stores;
    await claims.started(worker, begun.attempt, begun.fence);
    const unnamed = await leases.forgotten(worker, [given.attempt]);
    expect(unnamed).toMatchObject([{ worker, attempt: begun.attempt, fence: begun.fence }]);
    expect(await leases.forgotten(worker, [begun.attempt])).toEqual([]);
  });
}

function presence(farm: () => FarmBench): void {
  const expired = () => farm().stores.leases.expired(leaseSeconds, gapSeconds, 10);

  /** Gateways are there, second by second. */
  async function beatFor(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 2) {
      await farm().stores.leases.beat(gapSeconds);
      await farm().pass(2);
    }
  }

  it('a lease expires once gateways were there for a whole lease', async () => {
    const [build] = await farm().graph([]);
    const worker = await farm().worker();
    const claimed = await farm().claimed(build!, worker);
    expect(await expired()).toEqual([]);
    await farm().pass(leaseSeconds + 1);
    await farm().stores.leases.beat(gapSeconds);
    expect(await expired()).toEqual([]);
    await beatFor(leaseSeconds + 2);
    expect(await expired()).toMatchObject([{ attempt: claimed.attempt, fence: claimed.fence }]);
  });

  it('after a gap the gateways must have been there anew for a whole lease', async () => {
    const [build] = await farm().graph([]);
    await farm().claimed(build!, await farm().worker());
    await beatFor(leaseSeconds + 10);
    await farm().pass(gapSeconds + 1);
    expect(await expired()).toEqual([]);
    await beatFor(leaseSeconds - 6);
    expect(await expired()).toEqual([]);
    await beatFor(10);
    expect(await expired()).toHaveLength(1);
  });
}

function releases(farm: () => FarmBench): void {
  const release = (...builds: readonly number[]) =>
    farm().stores.releases.release(
      builds.map((build) => ({ build: build as never, workerClass: amdClass, rank: 3 })),
      30,
    );

  it('releases what is scheduled, has every input and no ticket, in the order asked', async () => {
    const [first, second, third] = await farm().graph([], [], [1]);
    const { tickets, stale } = await release(second!, third!, first!);
    expect(tickets).toEqual([
      { build: second, generation: 1, workerClass: amdClass, rank: 3 },
      { build: first, generation: 1, workerClass: amdClass, rank: 3 },
    ]);
    expect(stale).toEqual([]);
    expect((await release(first!)).tickets).toEqual([]);
    expect(await farm().stores.releases.outstanding()).toEqual(new Map([[amdClass, 2]]));
  });

  it('a release that expired is made again in a new generation, the old ticket named', async () => {
    const [build] = await farm().graph([]);
    await release(build!);
    await farm().pass(31);
    expect(await farm().stores.releases.outstanding()).toEqual(new Map());
    const { tickets, stale } = await release(build!);
    expect(tickets[0]).toMatchObject({ generation: 2 });
    expect(stale[0]).toMatchObject({ generation: 1, workerClass: amdClass });
  });

  it('a withdrawal takes back the generation that it names, unless it was claimed', async () => {
    const [build, running] = await farm().graph([], []);
    await farm().claimed(running!, await farm().worker());
    await release(build!);
    const { releases: store } = farm().stores;
    const of = (which: number, generation: number) =>
      store.withdraw([{ build: which as never, workerClass: amdClass, generation }]);
    expect(await of(build!, 9)).toEqual([]);
    expect(await of(running!, 1)).toEqual([]);
    expect(await of(build!, 1)).toMatchObject([{ build, generation: 1 }]);
    expect(await store.outstanding()).toEqual(new Map());
  });

  it('voids every release when the queue is lost, and only releases', async () => {
    const [build, running] = await farm().graph([], []);
    await farm().claimed(running!, await farm().worker());
    await release(build!);
    expect(await farm().stores.releases.voidAll()).toBe(1);
    expect((await release(build!)).tickets[0]).toMatchObject({ generation: 2 });
  });
}
