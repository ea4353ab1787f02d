/** The engine's use cases on a real Postgres: claims that race, reports that repeat, leases that end. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { id, type BuildId, type Fence } from '#domain/ids.js';
import { randomFence } from '#adapters/system/secret.js';
import { acceptReports } from '#application/accept-report.js';
import { propagateFailure } from '#application/propagate-failure.js';
import { reapLeases } from '#application/reap-leases.js';
import { releaseTickets } from '#application/release-tickets.js';
import { never } from '#std/cancellation.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import { FakeTicketQueue } from '#testkit/fakes/ticket-queue.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { amdClass, EngineFarm, leaseSeconds, success } from './engine-support.js';

let postgres: TestPostgres;
let farm: EngineFarm;
let bus: FakeBus;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());
beforeEach(async () => {
  farm = await EngineFarm.open(await postgres.freshDatabase());
  bus = new FakeBus();
});
afterEach(() => farm.close());

const accept = (...reports: Parameters<typeof acceptReports>[1]) =>
  acceptReports({ store: farm.reports, bus }, reports);
const reap = () => reapLeases({ leases: farm.leases, reports: farm.reports, bus, leaseSeconds });
const failure = (claimed: Awaited<ReturnType<EngineFarm['claimed']>>, worker: number) => ({
  ...success(claimed, worker as never),
  outputs: [],
  outcome: { kind: 'failed', reason: 'builder-failed', message: 'exit\0 1', exitCode: 1 } as const,
});

describe('a release', () => {
  it('holds only builds whose every input has succeeded, in the order of priority', async () => {
    await farm.worker({ slots: 4 });
    const [input, blocked, urgent, other] = await farm.builds(4);
    await farm.edges([
      [blocked!, input!],
      [other!, input!],
      [other!, blocked!],
    ]);
    await farm.database.execute('update builds set priority = 1 where id = $1', [urgent]);
    const tickets = new FakeTicketQueue();
    const pass = () => releaseTickets({ store: farm.releases, tickets, epoch: tickets });
    expect((await pass()).released).toBe(2);
    expect(await tickets.next(amdClass, never)).toMatchObject({ build: urgent, rank: 2 });
    expect(await tickets.next(amdClass, never)).toMatchObject({ build: input });
    expect((await pass()).released).toBe(0);
    await farm.database.execute(`update builds set status = 'succeeded' where id = $1`, [input]);
    expect((await pass()).released).toBe(1);
    expect(await tickets.next(amdClass, never)).toMatchObject({ build: blocked });
  });

  it('goes no further ahead of the slots than its window, whoever plans', async () => {
    await farm.worker({ slots: 2 });
    await farm.builds(50);
    const tickets = new FakeTicketQueue();
    const parts = { store: farm.releases, tickets, epoch: tickets };
    await Promise.all([releaseTickets(parts), releaseTickets(parts)]);
    await releaseTickets(parts);
    expect(await tickets.waiting(amdClass)).toBe(12);
  });

  it('is made again when the queue has lost everything, in a new generation', async () => {
    await farm.worker({ slots: 2 });
    await farm.builds(5);
    const tickets = new FakeTicketQueue();
    const parts = { store: farm.releases, tickets, epoch: tickets };
    expect(await releaseTickets(parts)).toMatchObject({ released: 5, voided: 0 });
    tickets.flush();
    expect(await releaseTickets(parts)).toMatchObject({ released: 5, voided: 5 });
    expect(await tickets.next(amdClass, never)).toMatchObject({ generation: 2 });
  });

  it('that expires takes its old ticket out of the queue', async () => {
    await farm.worker({ slots: 2 });
    await farm.builds(3);
    const tickets = new FakeTicketQueue();
    const parts = { store: farm.releases, tickets, epoch: tickets };
    await releaseTickets(parts);
    await farm.database.execute('update builds set release_expires_at = now()');
    await releaseTickets(parts);
    expect(await tickets.waiting(amdClass)).toBe(3);
  });

  it('leaves builds alone that no connected worker can build', async () => {
    const worker = await farm.worker();
    await farm.builds(1);
    await farm.database.execute('update workers set gateway = null where id = $1', [worker]);
    const tickets = new FakeTicketQueue();
    const parts = { store: farm.releases, tickets, epoch: tickets };
    expect((await releaseTickets(parts)).released).toBe(0);
  });
});

describe('a claim', () => {
  it('is won by one of a hundred that race for one build', async () => {
    const [build] = await farm.builds(1);
    const workers = await Promise.all(Array.from({ length: 100 }, () => farm.worker()));
    await farm.releases.release([{ build: build!, workerClass: amdClass, rank: 10 }], 30);
    const claims = await Promise.all(
      workers.map((worker) =>
        farm.claims.claim({
          ...{ worker, slot: 0, build: build!, generation: 1 },
          ...{ fence: randomFence(), leaseSeconds },
        }),
      ),
    );
    expect(claims.filter((claim) => claim.ok)).toHaveLength(1);
    expect(claims.filter((c) => !c.ok && c.error.kind === 'stale')).toHaveLength(99);
    expect(await farm.attempts(build!)).toHaveLength(1);
    expect(await farm.status(build!)).toMatchObject({ status: 'submitted', attempts: 1 });
  });

  it('that is repeated for a slot gets the same build, fence and attempt again', async () => {
    const [build] = await farm.builds(1);
    const worker = await farm.worker({ slots: 2 });
    const first = await farm.claimed(build!, worker, 1);
    expect(await farm.claims.held(worker, [0, 1], leaseSeconds)).toEqual([first]);
  });

  it('finds a slot taken, and then nothing has changed', async () => {
    const [one, two] = await farm.builds(2);
    const worker = await farm.worker();
    await farm.claimed(one!, worker);
    await expect(farm.claimed(two!, worker)).rejects.toThrow('slot-taken');
    expect(await farm.status(two!)).toMatchObject({ status: 'scheduled', attempts: 0 });
    expect(await farm.attempts(two!)).toEqual([]);
  });

  it('is refused to a worker that was paused or removed', async () => {
    const [build] = await farm.builds(1);
    const worker = await farm.worker();
    await farm.database.execute('update workers set paused_at = now()');
    await expect(farm.claimed(build!, worker)).rejects.toThrow('worker-not-taking');
  });
});

describe('a report', () => {
  it('of a success offers the outputs, and its repetition is answered the same', async () => {
    const [build, dependent] = await farm.builds(2);
    await farm.edges([[dependent!, build!]]);
    const worker = await farm.worker();
    const claimed = await farm.claimed(build!, worker);
    await farm.uploaded(claimed.attempt, claimed.outputs[0]!.path!);
    expect(await accept(success(claimed, worker))).toEqual([true]);
    expect(await accept(success(claimed, worker))).toEqual([true]);
    expect(await farm.status(build!)).toMatchObject({ status: 'succeeded', reason: null });
    const offered = await farm.database.query(
      `select p.path, p.nar_hash, p.nar_size, p.deriver, p.attempt_id, n.file_key
         from store_paths p join nars n on n.path_id = p.id`,
    );
    expect(offered).toEqual([
      {
        path: claimed.outputs[0]!.path,
        nar_hash: 'sha256:1',
        nar_size: 5,
        deriver: claimed.derivation,
        attempt_id: claimed.attempt,
        file_key: 'f',
      },
    ]);
    expect(await farm.database.query('select from uploads')).toEqual([]);
    expect(await farm.database.query('select from leases')).toEqual([]);
    expect(bus.wire.said.map((one) => one.topic)).toEqual(['planner', 'live/builds']);
  });

  it('with a wrong fence changes nothing, before the end and after it', async () => {
    const [build] = await farm.builds(1);
    const worker = await farm.worker();
    const claimed = await farm.claimed(build!, worker);
    await farm.uploaded(claimed.attempt, claimed.outputs[0]!.path!);
    const wrong = '0123456789abcdef' as Fence;
    expect(await accept(success(claimed, worker, wrong))).toEqual([false]);
    expect(await farm.status(build!)).toMatchObject({ status: 'submitted' });
    expect(await farm.database.query('select from store_paths')).toEqual([]);
    await accept(success(claimed, worker));
    expect(await accept(success(claimed, worker, wrong))).toEqual([false]);
  });

  it('from another worker changes nothing', async () => {
    const [build] = await farm.builds(1);
    const claimed = await farm.claimed(build!, await farm.worker());
    expect(await accept(success(claimed, await farm.worker()))).toEqual([false]);
    expect(await farm.status(build!)).toMatchObject({ status: 'submitted' });
  });

  it('from a lost lease is ignored', async () => {
    const [build] = await farm.builds(1);
    const worker = await farm.worker();
    const claimed = await farm.claimed(build!, worker);
    await farm.lapse(claimed.attempt);
    await farm.presence(60);
    expect(await reap()).toBe(1);
    expect(await accept(success(claimed, worker))).toEqual([false]);
    expect(await farm.status(build!)).toMatchObject({ status: 'scheduled', farm_faults: 1 });
  });

  it('of outputs that never arrived is the fault of the farm', async () => {
    const [build] = await farm.builds(1);
    const worker = await farm.worker();
    const claimed = await farm.claimed(build!, worker);
    expect(await accept(success(claimed, worker))).toEqual([true]);
    expect(await farm.status(build!)).toMatchObject({ status: 'scheduled', farm_faults: 1 });
    expect(await farm.attempts(build!)).toMatchObject([
      {
        status: 'failed-other',
        reason: 'upload-failed',
        message: expect.stringMatching(/not uploaded/),
      },
    ]);
  });

  it('of other bytes than are offered keeps what is offered, and says so', async () => {
    const [build] = await farm.builds(1);
    const worker = await farm.worker();
    const claimed = await farm.claimed(build!, worker);
    const path = claimed.outputs[0]!.path!;
    await farm.database.execute(
      `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
       values (3, left($1, 32), $1, 'sha256:other', 5)`,
      [path],
    );
    await farm.uploaded(claimed.attempt, path);
    expect(await accept(success(claimed, worker))).toEqual([true]);
    expect(await farm.status(build!)).toMatchObject({ status: 'succeeded' });
    expect(await farm.database.query('select nar_hash from store_paths')).toEqual([
      { nar_hash: 'sha256:other' },
    ]);
    const [attempt] = await farm.attempts(build!);
    expect(attempt).toMatchObject({
      status: 'succeeded',
      message: expect.stringMatching(/Not reproducible/),
    });
  });

  it('that fails rolls back nothing of its neighbours in the same commit', async () => {
    const builds = await farm.builds(3);
    const worker = await farm.worker({ slots: 3 });
    const claimed = await Promise.all(
      builds.map((build, slot) => farm.claimed(build, worker, slot)),
    );
    await farm.uploaded(claimed[0]!.attempt, claimed[0]!.outputs[0]!.path!);
    const reports = [
      success(claimed[0]!, worker),
      failure(claimed[1]!, worker),
      success(claimed[2]!, worker, '0123456789abcdef' as Fence),
    ];
    expect(await accept(...reports)).toEqual([true, true, false]);
    expect(await farm.statuses()).toEqual({ succeeded: 1, failed: 1, submitted: 1 });
    const [failed] = await farm.attempts(builds[1]!);
    expect(failed).toMatchObject({ reason: 'builder-failed', message: 'exit\u{fffd} 1' });
  });
});

describe('a lease that ran out', () => {
  it('is reaped only when gateways have been there for a whole lease', async () => {
    const [build] = await farm.builds(1);
    const claimed = await farm.claimed(build!, await farm.worker());
    await farm.lapse(claimed.attempt);
    expect(await reap()).toBe(0);
    await farm.presence(leaseSeconds - 5);
    expect(await reap()).toBe(0);
    await farm.presence(leaseSeconds + 60, 20);
    expect(await reap()).toBe(0);
    await farm.presence(leaseSeconds + 5);
    expect(await reap()).toBe(1);
  });

  it('sends the build to another worker, and both attempts stand in its history', async () => {
    const [build] = await farm.builds(1);
    const [lost, other] = [await farm.worker(), await farm.worker()];
    const first = await farm.claimed(build!, lost);
    await farm.lapse(first.attempt);
    await farm.presence(60);
    await reap();
    expect(await farm.status(build!)).toMatchObject({ not_before: expect.any(Date) });
    await farm.database.execute('update builds set not_before = null');
    const second = await farm.claimed(build!, other);
    await farm.uploaded(second.attempt, second.outputs[0]!.path!);
    await accept(success(second, other));
    expect(await farm.attempts(build!)).toMatchObject([
      { number: 1, worker_id: lost, status: 'failed-other', reason: 'worker-lost' },
      { number: 2, worker_id: other, status: 'succeeded', reason: null },
    ]);
    expect(await farm.status(build!)).toMatchObject({ status: 'succeeded', attempts: 2 });
  });

  it('is kept by a heartbeat with the right fence, and by no other', async () => {
    const [build] = await farm.builds(1);
    const worker = await farm.worker();
    const { attempt, fence } = await farm.claimed(build!, worker);
    await farm.lapse(attempt);
    await farm.presence(60);
    const wrong = '0123456789abcdef' as Fence;
    expect((await farm.leases.renew(worker, [{ attempt, fence: wrong }], 30)).renewed.size).toBe(0);
    const renewal = await farm.leases.renew(worker, [{ attempt, fence }], 30);
    expect([...renewal.renewed]).toEqual([attempt]);
    expect(await reap()).toBe(0);
  });

  it('begins a new presence after a gap between the beats of the gateways', async () => {
    const upSince = async () =>
      (await farm.database.query<{ up_since: Date }>('select up_since from gateway_presence'))[0]!
        .up_since;
    await farm.presence(100, 3);
    const before = await upSince();
    await farm.leases.beat(6);
    expect(await upSince()).toEqual(before);
    await farm.presence(100, 7);
    await farm.leases.beat(6);
    expect((await upSince()).getTime()).toBeGreaterThan(before.getTime() + 50_000);
  });
});

describe('a failure', () => {
  const fail = (build: BuildId) =>
    farm.database.execute(`update builds set status = 'failed', ended_at = now() where id = $1`, [
      build,
    ]);
  const propagate = () => propagateFailure({ store: farm.failures, bus });

  it('reaches the end of a chain of 2,000', async () => {
    const chain = await farm.builds(2000);
    await farm.edges(chain.slice(1).map((build, at) => [build, chain[at]!] as const));
    await fail(chain[0]!);
    expect(await propagate()).toBe(1999);
    expect(await farm.statuses()).toEqual({ failed: 1, 'failed-dependency': 1999 });
    expect(await farm.status(chain[1999]!)).toMatchObject({
      failed_input_id: chain[1998],
      reason: 'dependency',
      failure_propagated: true,
    });
  }, 30_000);

  it('reaches all 20,000 dependents of a hub and those beyond, batch by batch', async () => {
    const builds = await farm.builds(20_002);
    const [hub, last] = [builds[0]!, builds[20_001]!];
    const spokes = builds.slice(1, 20_001);
    await farm.edges(spokes.map((build) => [build, hub] as const));
    await farm.edges([[last, spokes[19_999]!]]);
    await fail(hub);
    expect(await farm.failures.propagate(5000)).toEqual({ failed: 5000, done: false });
    expect(await propagate()).toBe(15_001);
    expect(await farm.statuses()).toEqual({ failed: 1, 'failed-dependency': 20_001 });
    const [left] = await farm.database.query(
      'select count(*) from builds where not failure_propagated',
    );
    expect(left).toEqual({ count: 0 });
  }, 60_000);

  it('stops at builds that do not need what failed, and at those that are running', async () => {
    const [failed, needs, running, free] = await farm.builds(4);
    await farm.edges([
      [needs!, failed!],
      [running!, failed!],
      [free!, running!],
    ]);
    await farm.database.execute(`update builds set status = 'started' where id = $1`, [running]);
    await fail(failed!);
    expect(await propagate()).toBe(1);
    expect(await farm.statuses()).toEqual({
      ...{ failed: 1, 'failed-dependency': 1, started: 1, scheduled: 1 },
    });
  });

  it('that was told before a dependent came is found by the audit', async () => {
    const [failed] = await farm.builds(1);
    await fail(failed!);
    await propagate();
    const [late] = await farm.builds(1);
    await farm.edges([[late!, failed!]]);
    expect(await propagate()).toBe(0);
    expect(await farm.failures.audit()).toBe(1);
    expect(await propagate()).toBe(1);
    expect(await farm.status(late!)).toMatchObject({ failed_input_id: id<BuildId>(failed!) });
  });
});

describe('the ready query', () => {
  it('stops at its limit among 100,000 scheduled builds, of which most wait for one', async () => {
    await farm.worker({ slots: 4 });
    const builds = await farm.builds(100_000);
    const blocked = builds.slice(1000);
    await farm.edges(blocked.map((build) => [build, builds[0]!] as const));
    await farm.database.execute('analyze');
    const state = {
      name: amdClass,
      workerClass: { systems: ['x86_64-linux'], features: ['kvm'], speed: 1 },
      slots: 4,
      outstanding: 0,
    };
    const begun = performance.now();
    const ready = await farm.releases.ready(state, 16);
    const first = performance.now() - begun;
    expect(ready.map((one) => one.build)).toEqual(builds.slice(0, 16));
    await farm.database.execute(`update builds set status = 'started' where id <= $1`, [
      builds[999],
    ]);
    const again = performance.now();
    expect(await farm.releases.ready(state, 16)).toEqual([]);
    const none = performance.now() - again;
    process.stdout.write(
      `ready: ${first.toFixed(1)} ms to find 16; ${none.toFixed(1)} ms to find none\n`,
    );
    expect(first).toBeLessThan(250);
    expect(none).toBeLessThan(2500);
  }, 120_000);
});
