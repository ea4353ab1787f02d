/**
 * A farm in virtual time around the real planner: workers of one slot each claim the tickets of
 * their class by rank, build as long as the graph says, and nothing else takes time.
 */
import type { BuildId, SpecificationId } from '#domain/ids.js';
import {
  Planner,
  type Assignment,
  type PlannerBuild,
  type SchedulingPolicy,
  type SpecificationShare,
} from '#domain/scheduling/planner.js';
import type { ClassState, WorkerState } from '#domain/scheduling/worker-state.js';
import { workerClassName } from '#domain/worker/worker-class.js';

export interface SimulatedBuild {
  readonly build: number;
  readonly inputs: readonly number[];
  /** Milliseconds on a worker of speed 1. */
  readonly duration: number;
  readonly estimate: number | null;
  readonly specification: number;
  readonly arrivesAt: number;
}

export interface Simulation {
  readonly policy: SchedulingPolicy;
  readonly speeds: readonly number[];
  readonly specifications: readonly SpecificationShare[];
  readonly builds: readonly SimulatedBuild[];
  /** Virtual milliseconds at which to stop; Infinity for the end of all builds. */
  readonly until: number;
}

export interface Ran {
  readonly build: SimulatedBuild;
  readonly speed: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The planner's clock at the start: no time of a real farm is 0. */
const epoch = 1e12;

interface Ticket extends Assignment {
  readonly place: number;
  readonly expiresAt: number;
}

interface SimulatedClass {
  readonly state: ClassState;
  readonly tickets: Map<BuildId, Ticket>;
  free: number;
}

/** Everything that ended or was running at the end, in the order of ends. */
export function simulate(simulation: Simulation): Ran[] {
  return new SimulatedFarm(simulation).run();
}

class SimulatedFarm {
  private readonly planner: Planner;
  private readonly classes: SimulatedClass[];
  private readonly workers: WorkerState[];
  private readonly builds: Map<number, SimulatedBuild>;
  private readonly running: Ran[] = [];
  private readonly done: Ran[] = [];
  private place = 0;

  constructor(private readonly simulation: Simulation) {
    this.planner = new Planner(simulation.policy);
    this.workers = simulation.speeds.map((speed) => workerOf(speed));
    const groups = Map.groupBy(this.workers, workerClassName);
    this.classes = [...groups].map(([name, members]) => ({
      state: { name, workerClass: members[0]!, slots: members.length, outstanding: 0 },
      tickets: new Map(),
      free: members.length,
    }));
    this.builds = new Map(simulation.builds.map((build) => [build.build, build]));
  }

  run(): Ran[] {
    const arrivals = [...this.builds.values()].sort((a, b) => a.arrivesAt - b.arrivesAt);
    let arrived = 0;
    for (;;) {
      const next = Math.min(this.running[0]?.endedAt ?? Infinity, at(arrivals, arrived));
      if (next === Infinity || next > this.simulation.until) break;
      const from = arrived;
      while (at(arrivals, arrived) <= next) arrived += 1;
      this.planner.add(arrivals.slice(from, arrived).map(plannerBuild));
      this.finish(next);
      this.plan(next);
      this.claim(next);
    }
    return [...this.done, ...this.running];
  }

  private finish(now: number): void {
    while (this.running.length > 0 && this.running[0]!.endedAt <= now) {
      const ran = popEarliest(this.running);
      this.classes.find(({ state }) => state.workerClass.speed === ran.speed)!.free += 1;
      this.done.push(ran);
      const build = ran.build.build as BuildId;
      this.planner.change([{ build, status: 'succeeded', endedAt: epoch + ran.endedAt }]);
    }
  }

  private plan(now: number): void {
    const { specifications, policy } = this.simulation;
    const classes = this.classes.map(({ state }) => state);
    const { workers } = this;
    const plan = this.planner.plan({ now: epoch + now, classes, workers, specifications });
    const named = (name: string): SimulatedClass =>
      this.classes.find(({ state }) => state.name === name)!;
    for (const { build, workerClass } of plan.withdrawals) {
      named(workerClass).tickets.delete(build);
    }
    for (const assignment of plan.assignments) {
      const expiresAt = now + policy.releaseMs;
      this.place += 1;
      for (const { tickets } of this.classes) tickets.delete(assignment.build);
      const ticket = { ...assignment, place: this.place, expiresAt };
      named(assignment.workerClass).tickets.set(assignment.build, ticket);
    }
  }

  private claim(now: number): void {
    for (const one of this.classes) {
      const live = [...one.tickets.values()].filter((ticket) => ticket.expiresAt > now);
      live.sort((a, b) => a.rank - b.rank || a.place - b.place);
      for (const { build } of live.slice(0, one.free)) {
        one.tickets.delete(build);
        one.free -= 1;
        const { name, workerClass } = one.state;
        const simulated = this.builds.get(build)!;
        const endedAt = now + simulated.duration / workerClass.speed;
        const { speed } = workerClass;
        pushByEnd(this.running, { build: simulated, speed, startedAt: now, endedAt });
        const startedAt = epoch + now;
        this.planner.change([{ build, status: 'started', runningOn: name, startedAt }]);
      }
    }
  }
}

function at(arrivals: readonly SimulatedBuild[], index: number): number {
  return arrivals[index]?.arrivesAt ?? Infinity;
}

function workerOf(speed: number): WorkerState {
  const worker = { systems: ['x86_64-linux'], features: [], speed, slots: 1 };
  return { ...worker, connected: true, paused: false, draining: false };
}

function plannerBuild(simulated: SimulatedBuild): PlannerBuild {
  return {
    build: simulated.build as BuildId,
    status: 'scheduled',
    priority: 5,
    system: 'x86_64-linux',
    requiredFeatures: [],
    packageName: `package-${simulated.build}`,
    inputs: simulated.inputs as readonly BuildId[],
    specifications: [simulated.specification as SpecificationId],
    estimateMs: simulated.estimate,
    notBefore: null,
    generation: 0,
    scheduledAt: epoch + simulated.arrivesAt,
  };
}

function pushByEnd(running: Ran[], ran: Ran): void {
  let place = running.length;
  while (place > 0 && running[place - 1]!.endedAt > ran.endedAt) place -= 1;
  running.splice(place, 0, ran);
}

function popEarliest(running: Ran[]): Ran {
  return running.shift()!;
}
