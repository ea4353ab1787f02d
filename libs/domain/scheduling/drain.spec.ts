import { beforeEach, describe, expect, it } from '@jest/globals';
import { id, type BuildId } from '../ids.js';
import { workerClassName, type WorkerClass } from '../worker/worker-class.js';
import { defaultPolicy, Planner, type PlannerBuild } from './planner.js';

const now = 1_000_000;
const minute = 60_000;
let planner: Planner;
let last = 0;

beforeEach(() => {
  planner = new Planner(defaultPolicy);
  last = 0;
});

function build(more: Partial<PlannerBuild> = {}): BuildId {
  last += 1;
  const own = id<BuildId>(last);
  planner.add([
    {
      ...{ build: own, status: 'scheduled', priority: 9, packageName: 'a', inputs: [] },
      ...{ system: 'x86_64-linux', requiredFeatures: [], specifications: [] },
      ...{ estimateMs: minute, notBefore: null, generation: 0, scheduledAt: now },
      ...more,
    },
  ]);
  return own;
}

/** Minutes until the queue of each system is empty, with so many slots of each class. */
function minutes(...machines: readonly [WorkerClass, number][]): Record<string, number | null> {
  const classes = machines.map(([workerClass, slots]) => {
    return { name: workerClassName(workerClass), workerClass, slots, outstanding: 0 };
  });
  planner.plan({ now, classes, workers: [], specifications: [] });
  return Object.fromEntries(
    planner
      .drains(now)
      .map(({ system, endsAt }) => [system, endsAt === null ? null : (endsAt - now) / minute]),
  );
}

const plain: WorkerClass = { systems: ['x86_64-linux'], features: [], speed: 1 };

describe('the queue is empty', () => {
  it('when its work is shared out over all slots, by how fast they are', () => {
    for (let n = 0; n < 12; n += 1) build();
    expect(minutes([plain, 2])).toEqual({ 'x86_64-linux': 6 });
    expect(minutes([{ ...plain, speed: 2 }, 2])).toEqual({ 'x86_64-linux': 3 });
  });

  it('not before its longest path is gone', () => {
    for (let n = 0; n < 6; n += 1) build({ inputs: last === 0 ? [] : [id<BuildId>(last)] });
    expect(minutes([plain, 100])).toEqual({ 'x86_64-linux': 6 });
  });

  it('by the mean of the names that are known, where others were never seen', () => {
    build();
    for (let n = 0; n < 9; n += 1) build({ packageName: `new-${n}`, estimateMs: null });
    const { 'x86_64-linux': told } = minutes([plain, 1]);
    expect(told).toBeGreaterThan(9);
    expect(told).toBeLessThan(12);
    expect((planner.estimateOf([id<BuildId>(last)], now).endsAt! - now) / minute).toBeLessThan(12);
  });

  it('never where no worker builds for it, and without what none can build', () => {
    build();
    build({ system: 'riscv64-linux' });
    for (let n = 0; n < 60; n += 1) build({ requiredFeatures: ['gpu'] });
    expect(minutes([plain, 1])).toEqual({ 'x86_64-linux': 1, 'riscv64-linux': null });
    expect(minutes()).toEqual({ 'x86_64-linux': null, 'riscv64-linux': null });
  });

  it('together for systems that share workers, and is not told of what is done', () => {
    for (let n = 0; n < 4; n += 1) build();
    const other = build({ system: 'i686-linux' });
    const both = { ...plain, systems: ['x86_64-linux', 'i686-linux'] };
    expect(minutes([both, 1])).toEqual({ 'x86_64-linux': 5, 'i686-linux': 5 });
    planner.change([{ build: other, status: 'canceled' }]);
    expect(minutes([both, 1])).toEqual({ 'x86_64-linux': 4 });
  });
});
