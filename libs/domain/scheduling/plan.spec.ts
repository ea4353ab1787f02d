import { describe, expect, it } from '@jest/globals';
import { id, type BuildId } from '../ids.js';
import { workerClassName } from '../worker/worker-class.js';
import { plan, type ReadyBuild } from './plan.js';
import type { ClassState, WorkerState } from './worker-state.js';

const amd = { systems: ['x86_64-linux'], features: ['kvm'], speed: 1 };
const arm = { systems: ['aarch64-linux'], features: [], speed: 1 };

function ready(build: number, demand: Partial<ReadyBuild> = {}): ReadyBuild {
  const base = { system: 'x86_64-linux', requiredFeatures: [], priority: 9 };
  return { ...base, build: id<BuildId>(build), ...demand };
}

function state(workerClass: typeof amd, slots: number, outstanding = 0): ClassState {
  return { name: workerClassName(workerClass), workerClass, slots, outstanding };
}

function worker(workerClass: typeof amd, more: Partial<WorkerState> = {}): WorkerState {
  return { ...workerClass, slots: 1, connected: true, paused: false, draining: false, ...more };
}

describe('the plan', () => {
  it('releases no more than a window ahead of the slots; the rest waits for a slot', () => {
    const builds = Array.from({ length: 30 }, (_, i) => ready(i + 1));
    const made = plan({ ready: builds, classes: [state(amd, 2, 3)], workers: [worker(amd)] });
    expect(made.assignments.map((a) => a.build)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(made.waits).toHaveLength(21);
    expect(made.waits[0]).toEqual({ build: 10, reason: { kind: 'all-busy' } });
  });

  it('gives every build to a class that can build it, and says what is missing', () => {
    const made = plan({
      ready: [
        ready(1, { system: 'aarch64-linux' }),
        ready(2, { requiredFeatures: ['kvm'] }),
        ready(3, { system: 'riscv64-linux' }),
        ready(4, { requiredFeatures: ['big-parallel'] }),
        ready(5, { system: 'builtin' }),
      ],
      classes: [state(amd, 1), state(arm, 1)],
      workers: [worker(amd), worker(arm)],
    });
    expect(made.assignments.map((a) => [a.build, a.workerClass])).toEqual([
      [1, 'aarch64-linux~@1'],
      [2, 'x86_64-linux~kvm@1'],
      [5, 'x86_64-linux~kvm@1'],
    ]);
    expect(made.waits).toEqual([
      { build: 3, reason: { kind: 'no-worker-for-system', system: 'riscv64-linux' } },
      { build: 4, reason: { kind: 'no-worker-for-features', features: ['big-parallel'] } },
    ]);
  });

  it('spreads builds over classes by their slots and speed', () => {
    const fast = { ...amd, speed: 2 };
    const builds = Array.from({ length: 12 }, (_, i) => ready(i + 1));
    const classes = [state(amd, 2), state(fast, 2)];
    const made = plan({ ready: builds, classes, workers: [worker(amd), worker(fast)] });
    const byClass = Map.groupBy(made.assignments, (a) => a.workerClass);
    expect(byClass.get(workerClassName(fast))).toHaveLength(8);
    expect(byClass.get(workerClassName(amd))).toHaveLength(4);
  });

  it('gives no ticket a rank that would overtake all others', () => {
    const made = plan({
      ready: [ready(1, { priority: 0 })],
      classes: [state(amd, 1)],
      workers: [worker(amd)],
    });
    expect(made.assignments[0]!.rank).toBe(1);
  });
});
