/** Words of one worker that overtake one another, on the whole engine. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { id, type AttemptId } from '#domain/ids.js';
import { answered } from '#testkit/eventually.js';
import type { EngineFarm } from './engine-support.js';
import { GatewayFarm } from './gateway-farm.js';

let gateway: GatewayFarm;
let farm: EngineFarm;

beforeAll(async () => {
  gateway = await GatewayFarm.start();
  ({ farm } = gateway);
}, 60_000);
afterAll(() => gateway.stop());
beforeEach(() => gateway.clear());
afterEach(() => gateway.leave());

describe('a build', () => {
  it('whose report overtakes the heartbeat before it is not taken for lost', async () => {
    const connected = await gateway.join();
    await gateway.scheduled(1);
    connected.say({ type: 'claim', slots: [0] });
    const told = await connected.hears('build');
    await farm.uploaded(id<AttemptId>(told.attempt), told.outputs[0]!.path!);
    connected.beat([told]);
    connected.succeed(told);
    await connected.hears('acknowledged', (one) => one.of === 'report');
    // Carried out after the heartbeat, which it follows.
    connected.beat([{ attempt: told.attempt, fence: 'f'.repeat(16) }]);
    expect(await connected.hears('cancel')).toMatchObject({ fence: 'f'.repeat(16) });
  });

  it('that a heartbeat names while its report is settled is not taken for lost', async () => {
    const connected = await gateway.join();
    const [build] = await gateway.scheduled(1);
    connected.say({ type: 'claim', slots: [0] });
    const told = await connected.hears('build');
    await farm.uploaded(id<AttemptId>(told.attempt), told.outputs[0]!.path!);
    const lock = await farm.database.dedicated();
    await lock.query('begin');
    await lock.query('select from builds where id = $1 for update', [build]);
    connected.succeed(told);
    await answered('a report that waits', () => waitsForLock(1));
    connected.beat([told]);
    await answered('a renewal that waits for the report', () => waitsForLock(2));
    await lock.query('commit');
    await lock.end();
    await connected.hears('acknowledged', (one) => one.of === 'report');
    connected.beat([{ attempt: told.attempt, fence: 'f'.repeat(16) }]);
    expect(await connected.hears('cancel')).toMatchObject({ fence: 'f'.repeat(16) });
  });
});

describe('a worker that drains', () => {
  it('gets nothing more, though a heartbeat of before is carried out after its word', async () => {
    const worker = await farm.worker();
    const connected = await gateway.join({ worker, protocol: [2] });
    connected.say({ type: 'claim', slots: [0] });
    // It waits for the pulse; the one that says something new does not.
    connected.beat([], { sequence: 1, holdsBack: null, minDisk: 0 });
    connected.beat([], { sequence: 2, holdsBack: 'draining', minDisk: 0 });
    await connected.hears('acknowledged', (one) => one.of === 'heartbeat' && one.sequence === 1);
    expect(await heldBack(worker)).toEqual([{ holds_back: 'draining' }]);
    const other = await gateway.join();
    await gateway.scheduled(1);
    other.say({ type: 'claim', slots: [0] });
    await other.hears('build');
    expect(connected.heard.filter(({ type }) => type === 'build')).toEqual([]);
  });
});

describe('a worker that is cut off and comes back at once', () => {
  it('is there, however long its leave-taking took to be written', async () => {
    const ids = await Promise.all([farm.worker(), farm.worker(), farm.worker()]);
    const [slow, quick] = [
      await gateway.join({ worker: ids[0] }),
      await gateway.join({ worker: ids[1] }),
    ];
    const lock = await farm.database.dedicated();
    await lock.query('begin');
    await lock.query('select from workers where id = $1 for update', [ids[0]]);
    await slow.leave();
    await answered('a leave-taking that waits', () => waitsForLock(1));
    // It is written with the next ones, and those wait until the first is.
    await quick.leave();
    const back = gateway.join({ worker: ids[1] });
    const other = await gateway.join({ worker: ids[2] });
    await lock.query('commit');
    await lock.end();
    await back;
    await other.leave();
    await answered('the last leave-taking', () => isGone(ids[2]));
    expect(await Promise.all(ids.map(isGone))).toEqual([true, null, true]);
  });
});

async function waitsForLock(count: number): Promise<true | null> {
  const waiting = await farm.database.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return waiting.length >= count || null;
}

async function heldBack(worker: number): Promise<object[]> {
  return farm.database.query('select holds_back from workers where id = $1', [worker]);
}

async function isGone(worker: number): Promise<true | null> {
  const gone = await farm.database.query('select from workers where id = $1 and gateway is null', [
    worker,
  ]);
  return gone.length > 0 || null;
}
