import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BuildStatus } from '../build/status.js';
import { id, type BuildId, type SpecificationId } from '../ids.js';
import { canBuild, workerClassName, type WorkerClass } from '../worker/worker-class.js';
import {
  defaultPolicy,
  Planner,
  type BuildChange,
  type PlannerBuild,
  type PlannerPlan,
} from './planner.js';
import type { ClassState, WorkerState } from './worker-state.js';

const statuses: BuildStatus[] = [
  'scheduled',
  'scheduled',
  'submitted',
  'started',
  'succeeded',
  'succeeded',
  'failed',
];
const kinds: WorkerClass[] = [
  { systems: ['x86_64-linux', 'i686-linux'], features: ['kvm'], speed: 1 },
  { systems: ['x86_64-linux'], features: [], speed: 1 },
  { systems: ['aarch64-linux'], features: ['kvm', 'big-parallel'], speed: 1 },
];
const demands = [
  { system: 'x86_64-linux', requiredFeatures: [] },
  { system: 'i686-linux', requiredFeatures: [] },
  { system: 'x86_64-linux', requiredFeatures: ['kvm'] },
  { system: 'aarch64-linux', requiredFeatures: [] },
  { system: 'riscv64-linux', requiredFeatures: [] },
  { system: 'builtin', requiredFeatures: [] },
];
const workers: WorkerState[] = kinds.map((kind) => ({
  ...kind,
  slots: 2,
  connected: true,
  paused: false,
  draining: false,
}));
const classes: ClassState[] = workers.map((worker) => ({
  name: workerClassName(worker),
  workerClass: worker,
  slots: 2,
  outstanding: 0,
}));

/** What the planner should know, kept in the plainest way. */
class Model {
  readonly builds = new Map<number, PlannerBuild & { status: BuildStatus }>();
  readonly planner = new Planner(defaultPolicy);
  readonly out = new Map<number, { workerClass: string; until: number }>();
  /** The class that runs a build, when it was claimed by a ticket. */
  private readonly running = new Map<number, string>();
  now = 1_000_000;

  add(build: PlannerBuild): void {
    this.builds.set(build.build, { ...build });
    this.follow(build.build, build.status);
    this.planner.add([build]);
  }

  change(change: BuildChange): void {
    const build = this.builds.get(change.build);
    if (build) Object.assign(build, change);
    this.follow(change.build, change.status);
    this.planner.change([change]);
  }

  runningOn(workerClass: string): number {
    return [...this.running.values()].filter((name) => name === workerClass).length;
  }

  private follow(build: number, status: BuildStatus): void {
    const ticket = this.out.get(build)?.workerClass;
    if (status !== 'submitted' && status !== 'started') this.running.delete(build);
    else if (ticket !== undefined) this.running.set(build, ticket);
    if (status !== 'scheduled') this.out.delete(build);
  }

  plan(): PlannerPlan {
    this.now += 10_000;
    for (const [build, { until }] of this.out) if (until <= this.now) this.out.delete(build);
    const specifications = [1, 2].map((one) => ({
      specification: id<SpecificationId>(one),
      share: one * 100,
      maxRunning: null,
    }));
    return this.planner.plan({ now: this.now, classes, workers, specifications });
  }

  unfinished(build: PlannerBuild): number {
    return build.inputs.filter((i) => this.builds.get(i)?.status !== 'succeeded').length;
  }

  isReady(build: PlannerBuild): boolean {
    const isUp = build.status === 'scheduled' && (build.notBefore ?? 0) <= this.now;
    return isUp && this.unfinished(build) === 0;
  }

  counts(): [number, number][] {
    return [...this.builds.values()]
      .filter(({ status }) => ['scheduled', 'submitted', 'started'].includes(status))
      .map((build) => [build.build, this.unfinished(build)]);
  }
}

type Act =
  | { act: 'add'; build: number; inputs: number[]; status: BuildStatus; demand: number }
  | { act: 'change'; build: number; status: BuildStatus; notBefore: number | null }
  | { act: 'remove' }
  | { act: 'plan' };

const number = fc.integer({ min: 1, max: 16 });
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    act: fc.constant('add' as const),
    build: number,
    inputs: fc.uniqueArray(number, { maxLength: 4 }),
    status: fc.constantFrom(...statuses),
    demand: fc.integer({ min: 0, max: demands.length - 1 }),
  }),
  fc.record({
    act: fc.constant('change' as const),
    build: number,
    status: fc.constantFrom(...statuses),
    notBefore: fc.constantFrom(null, null, 1_060_000),
  }),
  fc.constant({ act: 'remove' as const }),
  fc.constant({ act: 'plan' as const }),
);

function plannerBuild(act: Extract<Act, { act: 'add' }>): PlannerBuild {
  return {
    build: id<BuildId>(act.build),
    status: act.status,
    priority: act.build % 3,
    ...demands[act.demand]!,
    packageName: `p${act.build % 5}`,
    inputs: act.inputs.filter((i) => i < act.build).map((i) => id<BuildId>(i)),
    specifications: [id<SpecificationId>(1 + (act.build % 2))],
    estimateMs: act.build % 4 === 0 ? null : act.build * 1000,
    notBefore: null,
    generation: 0,
    scheduledAt: 1_000_000,
  };
}

/** Builds that are final and that nobody waits for. */
function forgettable({ builds }: Model): number[] {
  const needed = new Set([...builds.values()].flatMap((b) => b.inputs as readonly number[]));
  return [...builds.values()]
    .filter(({ build, status }) => ['succeeded', 'failed'].includes(status) && !needed.has(build))
    .map(({ build }) => build);
}

function perform(model: Model, act: Act): PlannerPlan | null {
  if (act.act === 'plan') return model.plan();
  if (act.act === 'add') model.add(plannerBuild(act));
  else if (act.act === 'change') {
    const { status, notBefore } = act;
    model.change({ build: id<BuildId>(act.build), status, notBefore, endedAt: model.now });
  } else {
    const gone = forgettable(model);
    for (const build of gone) model.builds.delete(build);
    model.planner.remove(gone.map((build) => id<BuildId>(build)));
  }
  return null;
}

function holdPlan(model: Model, plan: PlannerPlan): void {
  for (const { build, workerClass } of plan.withdrawals) {
    expect(model.out.get(build)?.workerClass).toBe(workerClass);
    model.out.delete(build);
  }
  for (const { build, workerClass, rank } of plan.assignments) {
    const known = model.builds.get(build)!;
    expect(model.isReady(known)).toBe(true);
    expect(model.out.has(build)).toBe(false);
    expect(canBuild(classes.find(({ name }) => name === workerClass)!.workerClass, known)).toBe(
      true,
    );
    expect(rank).toBeGreaterThanOrEqual(1);
    model.out.set(build, { workerClass, until: model.now + defaultPolicy.releaseMs });
  }
}

/** A slot is idle only when no ready build without a ticket could use it. */
function holdWork(model: Model): void {
  for (const { name, workerClass, slots } of classes) {
    const tickets = [...model.out.values()].filter((out) => out.workerClass === name).length;
    if (tickets + model.runningOn(name) >= slots) continue;
    const usable = [...model.builds.values()].filter(
      (build) =>
        model.isReady(build) && !model.out.has(build.build) && canBuild(workerClass, build),
    );
    expect(usable.map(({ build }) => build)).toEqual([]);
  }
}

/** A duration of its name was learnt when its ticket expired, and somebody else had the slot. */
const claimedWithoutTicket: Act[] = [
  { act: 'add', build: 5, inputs: [], status: 'scheduled', demand: 1 },
  { act: 'plan' },
  { act: 'add', build: 14, inputs: [], status: 'scheduled', demand: 2 },
  { act: 'add', build: 4, inputs: [], status: 'started', demand: 0 },
  { act: 'plan' },
  { act: 'add', build: 6, inputs: [], status: 'scheduled', demand: 1 },
  { act: 'plan' },
  { act: 'plan' },
  { act: 'add', build: 4, inputs: [], status: 'succeeded', demand: 0 },
  { act: 'plan' },
  { act: 'plan' },
  { act: 'add', build: 14, inputs: [], status: 'submitted', demand: 0 },
  { act: 'plan' },
];

describe('the planner, after any sequence of changes', () => {
  const acts = fc.array(act, { minLength: 40, maxLength: 120, size: 'max' });

  it('counts unfinished inputs as a plain recount does', () => {
    fc.assert(
      fc.property(acts, (sequence) => {
        const model = new Model();
        for (const one of sequence) {
          perform(model, one);
          const counted = [...model.planner.counts()].map((c) => [c.build, c.unfinishedInputs]);
          expect(counted.sort(byBuild)).toEqual(model.counts().sort(byBuild));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('assigns only ready builds, each once, to classes that can build them', () => {
    fc.assert(
      fc.property(acts, (sequence) => {
        const model = new Model();
        for (const one of sequence) {
          const plan = perform(model, one);
          if (plan) holdPlan(model, plan);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('leaves no slot idle while a ready build could use it', () => {
    fc.assert(
      fc.property(acts, (sequence) => {
        const model = new Model();
        for (const one of sequence) {
          const plan = perform(model, one);
          if (!plan) continue;
          holdPlan(model, plan);
          holdWork(model);
        }
      }),
      { numRuns: 150, examples: [[claimedWithoutTicket]] },
    );
  });
});

function byBuild(a: readonly number[], b: readonly number[]): number {
  return a[0]! - b[0]!;
}
