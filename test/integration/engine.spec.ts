/**
 * The engine's use cases on a real Postgres: claims that race, reports that repeat, leases that
 * end.
 */
import { describe, expect, it } from '@jest/globals';
import { BuildQueries } from '#adapters/postgres/build-queries.js';
import type { Fence } from '#domain/ids.js';
import { randomFence } from '#adapters/system/secret.js';
import { acceptReports } from '#application/accept-report.js';
import { reapLeases } from '#application/reap-leases.js';
import { never } from '#std/cancellation.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import { FakeTicketQueue } from '#testkit/fakes/ticket-queue.js';
import { amdClass, type EngineFarm, leaseSeconds, success } from './engine-support.js';
import { freshEngines } from './fresh-engines.js';

let farm: EngineFarm;
let bus: FakeBus;
freshEngines((fresh) => {
  farm = fresh;
  bus = new FakeBus();
});

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
    const { pass } = await farm.planner(tickets);
    expect((await pass()).released).toBe(2);
    expect(await tickets.next(amdClass, never)).toMatchObject({ build: urgent });
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
    const [one, other] = [await farm.planner(tickets), await farm.planner(tickets)];
    await Promise.all([one.pass(), other.pass()]);
    await one.pass();
    expect(await tickets.waiting(amdClass)).toBeGreaterThanOrEqual(2);
    expect(await tickets.waiting(amdClass)).toBeLessThanOrEqual(12);
  });

  it('is made again when the queue has lost everything, in a new generation', async () => {
    await farm.worker({ slots: 5 });
    await farm.builds(5);
    const tickets = new FakeTicketQueue();
    const { pass } = await farm.planner(tickets);
    expect(await pass()).toMatchObject({ released: 5, voided: 0 });
    tickets.flush();
    expect(await pass()).toMatchObject({ released: 5, voided: 5 });
    expect(await tickets.next(amdClass, never)).toMatchObject({ generation: 2 });
  });

  it('that expires takes its old ticket out of the queue', async () => {
    await farm.worker({ slots: 3 });
    await farm.builds(3);
    const tickets = new FakeTicketQueue();
    const { pass } = await farm.planner(tickets);
    await pass();
    await farm.database.execute('update builds set release_expires_at = now()');
    await pass();
    expect(await tickets.waiting(amdClass)).toBe(3);
  });

  it('leaves builds alone that no connected worker can build', async () => {
    const worker = await farm.worker();
    await farm.builds(1);
    await farm.database.execute('update workers set gateway = null where id = $1', [worker]);
    const tickets = new FakeTicketQueue();
    expect((await (await farm.planner(tickets)).pass()).released).toBe(0);
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
    const [kept, ...none] = await farm.database.query(
      'select path, offered_hash, other_hash, principal from differing_nars',
    );
    expect(none).toEqual([]);
    expect(kept).toMatchObject({
      ...{ path, offered_hash: 'sha256:other', principal: `attempt-${claimed.attempt}` },
    });
    const [output] = await new BuildQueries(farm.database, 'http://s').outputs(build!);
    expect(output?.differing).toMatchObject([
      { offeredHash: 'sha256:other', from: `attempt-${claimed.attempt}` },
    ]);
  });

  it('from a closed-in builder says so where untrusted requests build', async () => {
    const sandboxed = async (kind: string): Promise<unknown> => {
      await farm.database.execute('update stores set kind = $1 where id = 3', [kind]);
      const [build] = await farm.builds(1);
      const worker = await farm.worker();
      const claimed = await farm.claimed(build!, worker);
      const path = claimed.outputs[0]!.path!;
      await farm.uploaded(claimed.attempt, path);
      const report = { ...success(claimed, worker), sandboxed: true };
      expect(await accept(report)).toEqual([true]);
      const sql = 'select sandboxed from store_paths where path = $1';
      return (await farm.database.query(sql, [path]))[0]?.['sandboxed'];
    };
    expect(await sandboxed('untrusted')).toBe(true);
  });

  it('of an output that was withdrawn offers it anew, whatever it was before', async () => {
    const [build] = await farm.builds(1);
    const worker = await farm.worker();
    const claimed = await farm.claimed(build!, worker);
    const path = claimed.outputs[0]!.path!;
    await farm.database.execute(
      `with old as (
         insert into store_paths
           (store_id, hash_part, path, nar_hash, nar_size, withdrawn_at, withdrawn_reason)
         values (3, left($1, 32), $1, 'sha256:other', 5, now(), 'broken') returning id)
       insert into store_path_references (path_id, reference) select id, 'gone' from old`,
      [path],
    );
    await farm.uploaded(claimed.attempt, path);
    expect(await accept(success(claimed, worker))).toEqual([true]);
    const [offered, ...others] = await farm.database.query(
      `select withdrawn_at, nar_hash <> 'sha256:other' as fresh, attempt_id,
              (select count(*) from nars where path_id = p.id) as nars,
              array(select reference from store_path_references where path_id = p.id) as refs
         from store_paths p`,
    );
    expect(others).toEqual([]);
    const fresh = { withdrawn_at: null, fresh: true, attempt_id: claimed.attempt, nars: 1 };
    expect(offered).toEqual({ ...fresh, refs: [] });
    expect((await farm.attempts(build!))[0]).toMatchObject({ status: 'succeeded', message: null });
  });

  it('may refer to what its store leaves to an upstream, and to that only then', async () => {
    const [build] = await farm.builds(1);
    const worker = await farm.worker();
    const claimed = await farm.claimed(build!, worker);
    const reference = `${'r'.repeat(32)}-relied`;
    await farm.database.execute(
      `with upstream as (
         insert into upstreams (store_id, url, public_keys) values (3, 'http://u', '{k}')
         returning id)
       insert into upstream_paths
         (store_id, hash_part, path, upstream_id, nar_hash, "references", narinfo)
       select 3, left($1, 32), $1, id, 'sha256:x', '{}', '' from upstream`,
      [reference],
    );
    await farm.uploaded(claimed.attempt, claimed.outputs[0]!.path!);
    const report = success(claimed, worker);
    const outputs = report.outputs.map((output) => ({ ...output, references: [reference] }));
    expect(await accept({ ...report, outputs })).toEqual([true]);
    expect((await farm.attempts(build!))[0]).toMatchObject({ reason: 'upload-failed' });
    await farm.database.execute(`update stores set mode = 'rely' where id = 3`);
    await farm.database.execute('update builds set not_before = null');
    const again = await farm.claimed(build!, worker);
    await farm.uploaded(again.attempt, again.outputs[0]!.path!);
    const second = { ...success(again, worker), outputs };
    expect(await accept(second)).toEqual([true]);
    expect((await farm.attempts(build!)).at(-1)).toMatchObject({ status: 'succeeded' });
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
