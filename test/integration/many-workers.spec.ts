/** What many workers say in the same moment, on a real Postgres. */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import type { WorkerId } from '#domain/ids.js';
import { randomFence } from '#adapters/system/secret.js';
import { reapLeases } from '#application/reap-leases.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { amd, amdClass, EngineFarm, leaseSeconds } from './engine-support.js';

const many = 300;
const hello = {
  ...{
    ...amd,
    gateway: 'g',
    className: amdClass,
    slots: 2,
    cores: 1,
    protocol: 2,
    version: 'test',
  },
};
const beat = {
  ...{ gateway: 'g', freeSlots: 1, load: 0.5, memoryFree: 8e9, diskFree: 9e12 },
  ...{ holdsBack: null, minDisk: 1e9 },
};

let postgres: TestPostgres;
let farm: EngineFarm;
let workers: WorkerId[];
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres.stop());
beforeEach(async () => {
  farm = await EngineFarm.open(await postgres.freshDatabase());
  workers = await Promise.all(Array.from({ length: many }, () => farm.worker()));
});
afterEach(() => farm.close());

function atWorker(at: number): WorkerId {
  return workers[at]!;
}

async function gateways(): Promise<readonly unknown[]> {
  return farm.database.query('select distinct gateway, free_slots from workers');
}

describe('many workers', () => {
  it('greet, beat and leave in a few statements', async () => {
    const { database, workers: store } = farm;
    const asked = jest.spyOn(database, 'query');
    const executed = jest.spyOn(database, 'execute');
    const found = await Promise.all(workers.map((worker) => store.find(worker)));
    expect(found.map((one) => one?.id)).toEqual(workers);
    await Promise.all(workers.map((worker) => store.hello(worker, hello)));
    expect(await gateways()).toEqual([{ gateway: 'g', free_slots: 0 }]);
    await Promise.all(workers.map((worker) => store.beat(worker, beat)));
    expect(await gateways()).toEqual([{ gateway: 'g', free_slots: 1 }]);
    await Promise.all(workers.map((worker) => store.left(worker, 'g')));
    expect(await gateways()).toEqual([{ gateway: null, free_slots: 0 }]);
    expect(asked.mock.calls.length + executed.mock.calls.length).toBeLessThan(10);
  });

  it('each hear how they stand themselves', async () => {
    const mark = (at: number, change: string): Promise<number> =>
      farm.database.execute(`update workers set ${change} where id = $1`, [atWorker(at)]);
    await mark(1, `paused_at = now(), pause_note = 'disk'`);
    await mark(2, `draining = true, pause_note = 'old'`);
    await mark(3, `removed_at = now()`);
    const said = [0, 1, 2, 3].map(atWorker);
    const standings = await Promise.all(said.map((worker) => farm.workers.beat(worker, beat)));
    expect(standings).toEqual([
      { paused: false, draining: false, removed: false, note: '' },
      { paused: true, draining: false, removed: false, note: 'disk' },
      { paused: false, draining: true, removed: false, note: 'old' },
      { paused: false, draining: false, removed: true, note: '' },
    ]);
  });

  it('are told apart from what one of them says twice', async () => {
    const [worker, other] = [atWorker(0), atWorker(1)];
    await Promise.all([
      farm.workers.beat(worker, beat),
      farm.workers.beat(other, beat),
      farm.workers.beat(worker, { ...beat, freeSlots: 2 }),
    ]);
    const rows = await farm.database.query(
      'select free_slots from workers where id = any ($1) order by id',
      [[worker, other]],
    );
    expect(rows.map((row) => row['free_slots'])).toEqual([2, 1]);
  });

  it('stay with the gateway that they came to after they left another', async () => {
    await farm.workers.hello(atWorker(0), { ...hello, gateway: 'new' });
    await Promise.all(workers.map((worker) => farm.workers.left(worker, 'test')));
    const [row] = await farm.database.query('select gateway from workers where id = $1', [
      atWorker(0),
    ]);
    expect(row).toEqual({ gateway: 'new' });
  });
});

describe('renewals that come together', () => {
  it('renew what each worker holds by the fence that it shows, and nothing else', async () => {
    const builds = await farm.builds(5);
    const held = await Promise.all(builds.map((build, at) => farm.claimed(build, atWorker(at))));
    await farm.database.execute(`update leases set expires_at = now() + interval '1 second'`);
    await farm.leases.wishCancel(builds[4]!, 'superseded');
    const renew = (at: number, of: number, fence = held[of]!.fence) =>
      farm.leases.renew(atWorker(at), [{ attempt: held[of]!.attempt, fence }], leaseSeconds);
    const renewals = await Promise.all([
      renew(0, 0),
      renew(1, 1, randomFence()),
      renew(2, 3),
      renew(0, 0),
      renew(4, 4),
    ]);
    const { attempt, fence } = held[4]!;
    expect(renewals).toEqual([
      { renewed: new Set([held[0]!.attempt]), canceled: [] },
      { renewed: new Set(), canceled: [] },
      { renewed: new Set(), canceled: [] },
      { renewed: new Set([held[0]!.attempt]), canceled: [] },
      { renewed: new Set([attempt]), canceled: [{ attempt, fence, reason: 'superseded' }] },
    ]);
    const longer = await farm.database.query(
      `select attempt_id from leases where expires_at > now() + interval '20 seconds'`,
    );
    const renewed = new Set(longer.map((row) => row['attempt_id']));
    expect(renewed).toEqual(new Set([held[0]!.attempt, attempt]));
  });
});

describe('a lease that somebody holds locked', () => {
  it('is renewed when it is free, and holds up no other', async () => {
    const builds = await farm.builds(2);
    const [locked, free] = await Promise.all(
      builds.map((build, at) => farm.claimed(build, atWorker(at))),
    );
    const lock = await farm.database.dedicated();
    await lock.query('begin');
    await lock.query('select from leases where attempt_id = $1 for update', [locked!.attempt]);
    const waiting = farm.leases.renew(atWorker(0), [locked!], leaseSeconds);
    for (let beat = 0; beat < 3; beat += 1) {
      const { renewed } = await farm.leases.renew(atWorker(1), [free!], leaseSeconds);
      expect(renewed).toEqual(new Set([free!.attempt]));
    }
    await lock.query('commit');
    await lock.end();
    expect((await waiting).renewed).toEqual(new Set([locked!.attempt]));
  });
});

describe('workers that die together', () => {
  it('lose all their leases in one look', async () => {
    const builds = await farm.builds(many);
    await Promise.all(builds.map((build, at) => farm.claimed(build, atWorker(at))));
    await farm.database.execute(`update leases set expires_at = now() - interval '1 second'`);
    await farm.presence(2 * leaseSeconds);
    const { leases, reports } = farm;
    const bus = new FakeBus();
    expect(await reapLeases({ leases, reports, bus, leaseSeconds })).toBe(many);
    expect(await farm.statuses()).toEqual({ scheduled: many });
    expect(await reapLeases({ leases, reports, bus, leaseSeconds })).toBe(0);
  }, 30_000);
});

describe('hellos that come together', () => {
  it('find the begun attempts that each worker has forgotten', async () => {
    const builds = await farm.builds(3);
    const held = await Promise.all(builds.map((build, at) => farm.claimed(build, atWorker(at))));
    const begun = held.slice(0, 2);
    for (const [at, { attempt, fence }] of begun.entries()) {
      await farm.claims.started(atWorker(at), attempt, fence);
    }
    const forgotten = await Promise.all([
      farm.leases.forgotten(atWorker(0), []),
      farm.leases.forgotten(atWorker(1), [held[1]!.attempt]),
      farm.leases.forgotten(atWorker(2), []),
    ]);
    expect(forgotten.map((reports) => reports.map((report) => report.attempt))).toEqual([
      [held[0]!.attempt],
      [],
      [],
    ]);
  });
});
