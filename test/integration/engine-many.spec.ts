/** Failures that travel far, on a real Postgres. */
import { describe, expect, it } from '@jest/globals';
import type { BuildId } from '#domain/ids.js';
import { propagateFailure } from '#application/propagate-failure.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import type { EngineFarm } from './engine-support.js';
import { freshEngines } from './fresh-engines.js';

let farm: EngineFarm;
freshEngines((fresh) => {
  farm = fresh;
});

describe('a failure', () => {
  const fail = (build: BuildId) =>
    farm.database.execute(`update builds set status = 'failed', ended_at = now() where id = $1`, [
      build,
    ]);
  const propagate = () => propagateFailure({ store: farm.failures, bus: new FakeBus() });

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
    expect(await farm.status(late!)).toMatchObject({ failed_input_id: failed });
  });
});
