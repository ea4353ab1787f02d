/**
 * What is left to do on each group of classes that share a system: the base of the slack rule and
 * of every estimate. Computed anew for each plan from what runs, what is out and what is ready.
 */
import type { ClassRow } from './class-table.js';
import type { PlannerState } from './planner-state.js';
import { remainingWork, type Prospect } from './slack-rule.js';

export interface GroupProspect extends Prospect {
  fastest: number;
  byPath: number;
  byWork: number;
  /** Sum of slots × speed. */
  capacity: number;
  slots: number;
}

/** `builtin` builds run anywhere and bind no systems together. */
const anywhere = 'builtin';

export class Prospects {
  private readonly groups = new Map<string, GroupProspect>();
  private readonly byDemand: (GroupProspect | undefined)[];

  constructor(
    private readonly state: PlannerState,
    taking: readonly ClassRow[],
    /** Whether builds of a demand are looked at. */
    counts: (demand: number) => boolean = () => true,
  ) {
    for (const row of taking) this.join(row);
    const { classes } = state;
    this.byDemand = classes.demands.map(({ system }, demand) =>
      counts(demand) ? this.groups.get(system) : undefined,
    );
    this.measure();
  }

  /** Undefined when no class that takes builds has the system, and for what is not looked at. */
  of(demand: number): GroupProspect | undefined {
    return this.byDemand[demand];
  }

  private join({ state, speed }: ClassRow): void {
    const { systems } = state!.workerClass;
    const joined = new Set(systems.flatMap((system) => this.groups.get(system) ?? []));
    const group = emptyGroup();
    for (const other of [...joined, { ...emptyGroup(), ...share(state!.slots, speed) }]) {
      group.fastest = Math.max(group.fastest, other.fastest);
      group.capacity += other.capacity;
      group.slots += other.slots;
    }
    for (const [system, other] of this.groups)
      if (joined.has(other)) this.groups.set(system, group);
    for (const system of systems) if (system !== anywhere) this.groups.set(system, group);
  }

  private measure(): void {
    const { lanes, nodes } = this.state;
    for (const [demand, work] of lanes.liveWork.entries()) {
      const group = this.byDemand[demand];
      if (group) group.byWork += (work ?? 0) / group.capacity;
    }
    for (const { demand, heap } of lanes.ready.filled()) {
      this.lengthen(demand, (group) => nodes.rank[heap.at(0)!]! / group.fastest);
    }
    for (const row of lanes.out) this.measureOut(row);
    for (const row of lanes.running) this.measureRunning(row);
  }

  private measureOut(row: number): void {
    const { nodes } = this.state;
    this.lengthen(nodes.demand[row]!, (group) => nodes.rank[row]! / group.fastest);
  }

  private measureRunning(row: number): void {
    const { nodes, classes, now } = this.state;
    const runningOn = nodes.runningOn[row]!;
    const speed = runningOn === -1 ? 1 : classes.rows[runningOn]!.speed;
    const estimate = nodes.estimate[row]!;
    const done = Math.max(0, now - nodes.startedAt[row]!) * speed;
    const left = remainingWork(estimate, done);
    this.lengthen(nodes.demand[row]!, (group) => {
      group.byWork = Math.max(0, group.byWork - (estimate - left) / group.capacity);
      return left / speed + (nodes.rank[row]! - estimate) / group.fastest;
    });
  }

  private lengthen(demand: number, path: (group: GroupProspect) => number): void {
    const group = this.byDemand[demand];
    if (group) group.byPath = Math.max(group.byPath, path(group));
  }
}

function emptyGroup(): GroupProspect {
  return { fastest: 0, byPath: 0, byWork: 0, capacity: 0, slots: 0 };
}

function share(slots: number, speed: number): Partial<GroupProspect> {
  return { fastest: speed, capacity: slots * speed, slots };
}
