/**
 * The planner: which ready builds are released to which worker class, which tickets are taken back,
 * and why and how long the others wait. It holds the whole graph in memory and is fed by changes;
 * pure (no clock), so that the same changes always give the same plan.
 *
 * The rules, each in its own file: priority, then weighted fair shares (fair-shares), then the
 * critical path (upward-rank) by measured durations (known-durations); fastest idle class first
 * (class-table); slow workers take what cannot lengthen the rest (slack-rule); machines for few are
 * kept free for a stated time (reservation); and of every `agingTurns` builds of a class one is the
 * longest due by its age: a build with n builds due before it goes out at the latest with the
 * (n + 1) × agingTurns-th release of any class that can build it, unless a limit holds it.
 */
import type { BuildId } from '../ids.js';
import { drainsOf, type SystemDrain } from './drain.js';
import type { GraphEdges } from './edge-table.js';
import { Forecast } from './forecast.js';
import {
  isFailedCode,
  isLiveCode,
  lane,
  statusOf,
  succeededCode,
  unknownCode,
} from './node-table.js';
import { PlanPass } from './plan-pass.js';
import type {
  BuildChange,
  Estimate,
  PlanInput,
  PlannedWait,
  PlannerBuild,
  PlannerPlan,
  PlannerSize,
  SchedulingPolicy,
} from './planner-model.js';
import { PlannerState } from './planner-state.js';
import { waitReason, type WaitFacts, type WaitReason } from './wait-reason.js';
import type { WorkerState } from './worker-state.js';

export * from './planner-model.js';
export type { SystemDrain } from './drain.js';
export type { GraphEdges } from './edge-table.js';

/** A forecast costs milliseconds for each 100,000 builds, so it serves all who ask for so long. */
const forecastMs = 2000;
/** So many inputs are named in a reason. */
const inputsNamed = 20;
const mostForgotten = 4096;

export class Planner {
  private state: PlannerState;
  private workers: readonly WorkerState[] = [];
  private forecast: Forecast | null = null;

  constructor(policy: SchedulingPolicy) {
    this.state = new PlannerState(policy);
  }

  /**
   * New builds, or builds known again (whose inputs are then read anew), in any order. An input
   * that is not known counts as unfinished until it is added, so leave out those that have
   * succeeded and are not going to be added.
   */
  add(builds: readonly PlannerBuild[]): void {
    for (const build of builds) this.state.add(build);
    this.forecast = null;
  }

  /**
   * Everything at once, for a planner that knows nothing: the n-th build is that of row n of the
   * edges, which say its inputs (those that the build itself names are not looked at).
   */
  load(builds: Iterable<PlannerBuild>, edges: GraphEdges): void {
    this.state.load(builds, edges);
    this.forecast = null;
  }

  /** What has become of builds, in the order in which it came; unknown builds are passed over. */
  change(changes: readonly BuildChange[]): void {
    for (const change of changes) this.state.change(change);
  }

  /** Forgets builds that are final and that nobody waits for. */
  remove(builds: readonly BuildId[]): void {
    for (const build of builds) this.state.remove(build);
    const { forgotten, nodes } = this.state;
    if (forgotten <= nodes.rows.size + mostForgotten) return;
    this.state = this.state.compacted();
    this.forecast = null;
  }

  /** Takes its own answer for carried out; see `PlannerPlan`. */
  plan({ now, classes, workers, specifications, avoided }: PlanInput): PlannerPlan {
    const { state } = this;
    this.workers = workers;
    state.now = Math.max(state.now, now);
    state.avoided = avoided ?? new Map();
    state.classes.update(classes);
    state.shares.update(specifications);
    state.wake();
    state.accrue();
    state.ranks.settle();
    const { assignments, withdrawals } = new PlanPass(state).run();
    return { assignments, withdrawals };
  }

  /** Null when the build is not known or does not wait. */
  waitOf(build: BuildId, now: number): PlannedWait | null {
    const { nodes, shares, lanes } = this.state;
    const row = nodes.rows.get(build);
    if (row === undefined || statusOf(nodes.status[row]!) !== 'scheduled') return null;
    if (nodes.status[row] === unknownCode) return null;
    const reason = this.reasonOf(row, now);
    const isReady = lanes.ready.has(row);
    return {
      reason,
      position: isReady ? this.positionOf(row) : null,
      limitedBy: isReady ? shares.limitedBy(nodes.specifications[row]!) : null,
      ...(isHopeless(reason) ? { startsAt: null, endsAt: null } : this.forecastAt(now).of(row)),
    };
  }

  /**
   * When the first of these builds that is not final starts and when the last ends. `endsAt` is
   * null when one of them can never end as things are; both are when none of them is live.
   */
  estimateOf(builds: readonly BuildId[], now: number): Estimate {
    const { nodes } = this.state;
    const forecast = this.forecastAt(now);
    let startsAt: number | null = null;
    let endsAt: number | null = 0;
    for (const build of builds) {
      const row = nodes.rows.get(build);
      if (row === undefined || !isLiveCode(nodes.status[row]!)) continue;
      const one = forecast.of(row);
      if (one.startsAt !== null) startsAt = Math.min(startsAt ?? Infinity, one.startsAt);
      endsAt = endsAt === null || one.endsAt === null ? null : Math.max(endsAt, one.endsAt);
    }
    return { startsAt, endsAt: endsAt || null };
  }

  /** When the queue of each system is empty. */
  drains(now: number): SystemDrain[] {
    return drainsOf(this.state, now);
  }

  /** Of every build that is not final, how many of its inputs have not succeeded. */
  *counts(): Iterable<{ readonly build: BuildId; readonly unfinishedInputs: number }> {
    const { nodes } = this.state;
    for (const [build, row] of nodes.rows) {
      if (!isLiveCode(nodes.status[row]!)) continue;
      yield { build, unfinishedInputs: nodes.unfinished[row]! };
    }
  }

  size(): PlannerSize {
    const { nodes, edges, lanes } = this.state;
    return {
      builds: nodes.rows.size,
      edges: edges.length - edges.dead,
      ready: lanes.ready.size,
      released: lanes.out.size,
      running: lanes.running.size,
      bytes: nodes.bytes + edges.bytes,
    };
  }

  private reasonOf(row: number, now: number): WaitReason {
    const { nodes, classes } = this.state;
    const releasedTo = nodes.lane[row] === lane.out ? nodes.releasedTo[row]! : -1;
    return waitReason({
      demand: classes.demands[nodes.demand[row]!]!,
      inputs: this.unfinishedInputs(row),
      notBefore: nodes.notBefore[row] || null,
      releaseExpiresAt: releasedTo === -1 ? null : nodes.expiresAt[row]!,
      workerClass: releasedTo === -1 ? null : classes.rows[releasedTo]!.name,
      workers: this.workers,
      now,
    });
  }

  /** Failed and canceled ones first, since they decide the reason. */
  private unfinishedInputs(row: number): WaitFacts['inputs'] {
    const { nodes, edges } = this.state;
    const start = edges.start[row]!;
    const inputs = edges.input.subarray(start, start + edges.count[row]!);
    const unfinished = [...inputs].filter((input) => nodes.status[input] !== succeededCode);
    const order = (input: number): number => {
      const status = nodes.status[input]!;
      if (isFailedCode(status)) return 0;
      return isLiveCode(status) || status === unknownCode ? 2 : 1;
    };
    return unfinished
      .sort((a, b) => order(a) - order(b))
      .slice(0, inputsNamed)
      .map((input) => ({
        build: nodes.buildOf(input),
        status: statusOf(nodes.status[input]!),
      }));
  }

  /** Its place among the ready builds of its system, from 1; fair shares may change it. */
  private positionOf(row: number): number {
    const { nodes, classes, lanes } = this.state;
    const systemOf = (demand: number): string => classes.demands[demand]!.system;
    const system = systemOf(nodes.demand[row]!);
    let before = 0;
    for (const { demand, priority, heap } of lanes.ready.filled()) {
      if (priority > nodes.priority[row]! || systemOf(demand) !== system) continue;
      if (priority < nodes.priority[row]!) before += heap.size;
      else before += heap.countBefore(row);
    }
    return before + 1;
  }

  private forecastAt(now: number): Forecast {
    if (!this.forecast || Math.abs(now - this.forecast.madeAt) > forecastMs) {
      this.forecast = new Forecast(this.state, now);
    }
    return this.forecast;
  }
}

/** What ends such a wait is somebody's act, which nobody can foretell. */
function isHopeless({ kind }: WaitReason): boolean {
  return kind.startsWith('no-worker') || kind === 'input-failed' || kind === 'input-canceled';
}
