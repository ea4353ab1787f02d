import { describe, expect, it } from '@jest/globals';
import { id, type BuildId, type SpecificationId } from '../ids.js';
import { workerClassName } from '../worker/worker-class.js';
import { defaultPolicy, Planner, type PlannerBuild, type PlanInput } from './planner.js';

const plain = { systems: ['x86_64-linux'], features: [] as string[], speed: 1 };
const big = { ...plain, features: ['big-parallel'] };
const start = 1_000_000;

function build(number: number, more: Partial<PlannerBuild> = {}): PlannerBuild {
  return {
    build: id<BuildId>(number),
    status: 'scheduled',
    priority: 5,
    system: 'x86_64-linux',
    requiredFeatures: [],
    packageName: `p${number}`,
    inputs: [],
    specifications: [id<SpecificationId>(1)],
    estimateMs: 3_600_000,
    notBefore: null,
    generation: 0,
    scheduledAt: start,
    ...more,
  };
}

interface Farm {
  readonly worker: typeof plain;
  readonly slots: number;
}

function input(farm: Farm, now: number, maxRunning: number | null = null): PlanInput {
  const { worker, slots } = farm;
  const state = { ...worker, slots, connected: true, paused: false, draining: false };
  const name = workerClassName(worker);
  return {
    now,
    classes: [{ name, workerClass: worker, slots, outstanding: 0 }],
    workers: [state],
    specifications: [{ specification: id<SpecificationId>(1), share: 100, maxRunning }],
  };
}

function given(planner: Planner, plan: PlanInput): number[] {
  return planner.plan(plan).assignments.map((assignment) => assignment.build);
}

describe('the rules of the planner', () => {
  it('serve the more urgent first, and of equals the longest path', () => {
    const planner = new Planner(defaultPolicy);
    const follows = build(4, { inputs: [id<BuildId>(2)] });
    planner.add([build(1), build(2), build(3, { priority: 1, estimateMs: 1000 }), follows]);
    expect(given(planner, input({ worker: plain, slots: 2 }, start))).toEqual([3, 2]);
  });

  it('give a slot to the longest due by its age within so many releases', () => {
    const planner = new Planner({ ...defaultPolicy, agingTurns: 4 });
    planner.add([build(1, { priority: 9 })]);
    planner.plan(input({ worker: plain, slots: 0 }, start));
    const due = start + 10 * defaultPolicy.agingMs;
    const young = { priority: 0, scheduledAt: due };
    planner.add(Array.from({ length: 20 }, (_, i) => build(i + 2, young)));
    expect(given(planner, input({ worker: plain, slots: 4 }, due - 1))).not.toContain(1);
    expect(given(planner, input({ worker: plain, slots: 8 }, due))).toContain(1);
  });

  it('keep a reserved class free for what needs it, and no longer than stated', () => {
    const planner = new Planner(defaultPolicy);
    const needs = { requiredFeatures: ['big-parallel'], inputs: [id<BuildId>(9)] };
    planner.add([build(1), build(2, { estimateMs: 60_000 }), build(3, needs)]);
    const farm = { worker: big, slots: 2 };
    expect(given(planner, input(farm, start))).toEqual([2]);
    const held = start + defaultPolicy.reserveMs;
    planner.change([{ build: id<BuildId>(2), status: 'started', startedAt: start }]);
    expect(given(planner, input(farm, held - 1))).toEqual([]);
    expect(given(planner, input(farm, held))).toEqual([1]);
  });

  it('hold what is above the limit of its specification, and say so', () => {
    const planner = new Planner(defaultPolicy);
    planner.add([build(1), build(2)]);
    expect(given(planner, input({ worker: plain, slots: 4 }, start, 1))).toEqual([1]);
    expect(planner.waitOf(id<BuildId>(2), start)?.limitedBy).toBe(1);
  });

  it('take tickets back from a class that has nobody left', () => {
    const planner = new Planner(defaultPolicy);
    planner.add([build(1)]);
    planner.plan(input({ worker: plain, slots: 1 }, start));
    const plan = planner.plan(input({ worker: big, slots: 1 }, start + 1));
    expect(plan.withdrawals.map((one) => one.workerClass)).toEqual([workerClassName(plain)]);
    expect(plan.assignments.map((one) => one.workerClass)).toEqual([workerClassName(big)]);
  });

  it('keep a build from a class whose workers lost it, though the others be slow', () => {
    const planner = new Planner(defaultPolicy);
    const fast = { ...plain, speed: 4 };
    const [fastName, slowName] = [fast, plain].map(workerClassName) as [string, string];
    const farm = input({ worker: fast, slots: 1 }, start);
    const slow = input({ worker: plain, slots: 1 }, start);
    const both = {
      ...farm,
      classes: [...farm.classes, ...slow.classes],
      workers: [...farm.workers, ...slow.workers],
    };
    planner.add([build(1)]);
    const plan = planner.plan({
      ...both,
      avoided: new Map([[id<BuildId>(1), new Set([fastName])]]),
    });
    expect(plan.assignments).toMatchObject([{ build: 1, workerClass: slowName }]);
    const another = new Planner(defaultPolicy);
    another.add([build(1)]);
    expect(another.plan(both).assignments).toMatchObject([{ workerClass: fastName }]);
  });

  it('tell when a build starts that waits for another', () => {
    const planner = new Planner(defaultPolicy);
    planner.add([build(1), build(2, { inputs: [id<BuildId>(1)] })]);
    planner.plan(input({ worker: plain, slots: 1 }, start));
    const wait = planner.waitOf(id<BuildId>(2), start);
    expect(wait?.startsAt).toBe(start + 3_600_000);
    expect(wait?.endsAt).toBe(start + 7_200_000);
  });
});
