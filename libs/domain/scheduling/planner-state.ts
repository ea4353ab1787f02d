/**
 * The planner's memory: the graph, its critical path, what is ready and out, and what each
 * specification has been charged. Every change of a build goes through here, so that they agree.
 */
import { invariant } from '#std/invariant.js';
import type { BuildId } from '../ids.js';
import { ClassTable, learnDuration } from './class-table.js';
import { DurationHistory } from './duration-history.js';
import { EdgeTable, type GraphEdges } from './edge-table.js';
import { FairShares } from './fair-shares.js';
import { KnownDurations } from './known-durations.js';
import { Lanes } from './lanes.js';
import {
  codeOf,
  isLiveCode,
  isRunningCode,
  NodeTable,
  scheduledCode,
  succeededCode,
  unknownCode,
} from './node-table.js';
import type { BuildChange, PlannerBuild, SchedulingPolicy } from './planner-model.js';
import { ticketRank } from './ticket-rank.js';
import { UpwardRanks } from './upward-rank.js';

/** What outlives a rebuilding of the tables. */
interface Kept {
  readonly classes: ClassTable;
  readonly shares: FairShares;
  readonly history: DurationHistory;
}

export class PlannerState {
  readonly nodes = new NodeTable();
  readonly edges = new EdgeTable();
  readonly classes: ClassTable;
  readonly shares: FairShares;
  readonly history: DurationHistory;
  readonly lanes: Lanes;
  readonly ranks: UpwardRanks;
  private readonly durations: KnownDurations;
  /** Rows of builds that were forgotten. */
  forgotten = 0;
  now = 0;
  avoided: ReadonlyMap<BuildId, ReadonlySet<string>> = new Map();

  constructor(
    readonly policy: SchedulingPolicy,
    kept: Kept | null = null,
  ) {
    const { nodes } = this;
    this.classes = kept?.classes ?? new ClassTable(policy.unknownMs);
    this.shares = kept?.shares ?? new FairShares();
    this.history = kept?.history ?? new DurationHistory(policy.unknownMs);
    const { classes, shares } = this;
    const { agingMs, chargeAheadMs } = policy;
    this.lanes = new Lanes({ nodes, classes, shares, agingMs, chargeAheadMs });
    this.ranks = new UpwardRanks(nodes, this.edges, (row) => this.lanes.ready.moved(row));
    this.durations = new KnownDurations({
      nodes,
      history: this.history,
      unknownQuantile: policy.unknownQuantile,
      revise: (row, estimate) => this.revise(row, estimate),
    });
  }

  /**
   * What builds are expected to last, by row: for plans those of unknown names are feared to last
   * longer. Holds while nothing is learnt.
   */
  expectations(): (row: number) => number {
    const { nodes } = this;
    const unknown = this.history.mean();
    return (row) => {
      const estimate = nodes.estimate[row]!;
      return nodes.measured[row] === 1 ? estimate : Math.min(estimate, unknown);
    };
  }

  /** Everything at once, into an empty state: the n-th build is that of row n of the edges. */
  load(builds: Iterable<PlannerBuild>, graph: GraphEdges): void {
    const { nodes, edges, ranks } = this;
    invariant(nodes.length === 0, 'only an empty planner is loaded');
    nodes.fit(graph.start.length - 1);
    edges.load(graph);
    ranks.touchAll();
    for (const build of builds) {
      const row = nodes.rowOf(build.build);
      this.describe(row, build);
      nodes.unfinished[row] = this.countUnfinished(row);
      if (nodes.unfinished[row] === 0) nodes.readyAt[row] ||= build.scheduledAt;
      this.alter(row, build);
    }
  }

  add(build: PlannerBuild): void {
    const row = this.rowOf(build.build);
    this.lanes.leave(row);
    const { nodes, edges } = this;
    this.describe(row, build);
    const inputs = build.inputs.map((input) => this.rowOf(input));
    this.ranks.touch(row);
    this.ranks.touchInputs(row);
    edges.connect(row, inputs);
    this.ranks.touchInputs(row);
    nodes.unfinished[row] = inputs.filter((i) => nodes.status[i] !== succeededCode).length;
    if (nodes.unfinished[row] === 0) nodes.readyAt[row] ||= build.scheduledAt;
    this.alter(row, build);
  }

  change(change: BuildChange): void {
    const row = this.nodes.rows.get(change.build);
    if (row === undefined || this.nodes.status[row] === unknownCode) return;
    this.now = Math.max(this.now, change.endedAt ?? 0, change.startedAt ?? 0);
    this.lanes.leave(row);
    this.alter(row, change);
  }

  /** Forgets a build. What still waits for it waits on, unless it has succeeded. */
  remove(build: BuildId): void {
    const row = this.nodes.rows.get(build);
    if (row === undefined) return;
    const { nodes, edges, lanes, ranks } = this;
    lanes.leave(row);
    lanes.settleCharge(row, null);
    ranks.touchInputs(row);
    edges.disconnect(row);
    nodes.unfinished[row] = 0;
    if (nodes.status[row] !== succeededCode) nodes.status[row] = unknownCode;
    if (nodes.status[row] === unknownCode && this.hasDependents(row)) return;
    nodes.rows.delete(build);
    this.forgotten += 1;
  }

  /** Puts a ticket out, or takes it back (to class -1). */
  release(row: number, to: { readonly releasedTo: number; readonly expiresAt: number }): void {
    this.lanes.leave(row);
    this.nodes.releasedTo[row] = to.releasedTo;
    this.nodes.expiresAt[row] = to.expiresAt;
    this.lanes.enter(row, this.now);
  }

  /**
   * Tickets that nobody claimed in time and builds that backed off long enough are ready again, and
   * what was learnt of durations counts.
   */
  wake(): void {
    const { lanes, nodes, now } = this;
    this.durations.settle();
    for (const row of [...lanes.out]) {
      if (nodes.expiresAt[row]! <= now) this.release(row, { releasedTo: -1, expiresAt: 0 });
    }
    for (const row of [...lanes.sleeping]) {
      if (nodes.notBefore[row]! > now) continue;
      lanes.leave(row);
      lanes.enter(row, now);
    }
  }

  /** Running builds are charged for what they have had since the last plan. */
  accrue(): void {
    const { lanes, nodes, classes, now } = this;
    for (const row of lanes.running) {
      const runningOn = nodes.runningOn[row]!;
      const speed = runningOn === -1 ? 1 : classes.rows[runningOn]!.speed;
      lanes.accrue(row, Math.max(0, now - (nodes.startedAt[row]! || now)) * speed);
    }
  }

  /** The same state in fresh tables, without the rows of builds that were forgotten. */
  compacted(): PlannerState {
    this.durations.settle();
    const fresh = new PlannerState(this.policy, this);
    fresh.now = this.now;
    fresh.avoided = this.avoided;
    const moved = new Int32Array(this.nodes.length).fill(-1);
    for (const row of this.nodes.rows.values()) {
      this.lanes.leave(row);
      moved[row] = fresh.nodes.copy(this.nodes, row);
    }
    fresh.edges.fit(fresh.nodes.length);
    for (const row of this.nodes.rows.values()) fresh.takeOver(this, row, moved);
    return fresh;
  }

  private countUnfinished(row: number): number {
    const { status } = this.nodes;
    const { input, start, count } = this.edges;
    const end = start[row]! + count[row]!;
    let unfinished = 0;
    for (let edge = start[row]!; edge < end; edge += 1) {
      if (status[input[edge]!] !== succeededCode) unfinished += 1;
    }
    return unfinished;
  }

  private describe(row: number, build: PlannerBuild): void {
    const { nodes } = this;
    nodes.demand[row] = this.classes.demandOf(build);
    nodes.specifications[row] = this.shares.setOf(build.specifications);
    const key = DurationHistory.key(build.packageName, build.system);
    this.durations.name(row, key, build.estimateMs);
  }

  private alter(row: number, change: BuildChange | PlannerBuild): void {
    const { nodes, lanes, ranks } = this;
    const before = nodes.status[row]!;
    const after = codeOf(change.status);
    const ends = isRunningCode(before) && !isRunningCode(after);
    const took = ends ? this.timeTaken(row, change) : null;
    // What the farm broke is not charged to whoever wanted it.
    if (ends) lanes.settleCharge(row, after === scheduledCode ? null : (took?.work ?? null));
    this.write(row, change);
    nodes.status[row] = after;
    if (isLiveCode(before) !== isLiveCode(after)) {
      ranks.touch(row);
      ranks.touchInputs(row);
    }
    lanes.enter(row, this.now);
    if (before !== succeededCode && after === succeededCode) this.tellDependents(row, -1);
    if (before === succeededCode && after !== succeededCode) this.tellDependents(row, 1);
    if (took && after === succeededCode) this.durations.learn(row, took.work);
  }

  /** How long a build ran, and how long it would have on a worker of speed 1. */
  private timeTaken(
    row: number,
    change: BuildChange | PlannerBuild,
  ): { readonly work: number } | null {
    const startedAt = change.startedAt ?? this.nodes.startedAt[row]!;
    if (!startedAt) return null;
    const endedAt = ('endedAt' in change ? change.endedAt : null) ?? this.now;
    const ms = Math.max(1, endedAt - startedAt);
    const runningOn = this.nodes.runningOn[row]!;
    const worker = runningOn === -1 ? null : this.classes.rows[runningOn]!;
    if (worker) learnDuration(worker, ms);
    return { work: ms * (worker?.speed ?? 1) };
  }

  private write(row: number, change: BuildChange | PlannerBuild): void {
    const { nodes } = this;
    const { priority, generation, notBefore, startedAt, specifications } = change;
    if (priority !== undefined) nodes.priority[row] = priority;
    if (generation !== undefined) nodes.generation[row] = generation;
    if (notBefore !== undefined) nodes.notBefore[row] = notBefore ?? 0;
    if (startedAt !== undefined) nodes.startedAt[row] = startedAt ?? 0;
    if (specifications) nodes.specifications[row] = this.shares.setOf(specifications);
    this.writeClasses(row, change);
  }

  private writeClasses(row: number, change: BuildChange | PlannerBuild): void {
    const { nodes } = this;
    const { releasedTo, releaseExpiresAt, runningOn } = change;
    const ticket = nodes.releasedTo[row]!;
    if (releasedTo !== undefined) nodes.releasedTo[row] = this.classOf(releasedTo);
    if (releaseExpiresAt !== undefined) nodes.expiresAt[row] = releaseExpiresAt ?? 0;
    if (isRunningCode(codeOf(change.status))) {
      // Who claimed a ticket is of the class that it was made for.
      if (runningOn) nodes.runningOn[row] = this.classOf(runningOn);
      else if (nodes.runningOn[row] === -1) nodes.runningOn[row] = ticket;
      if (nodes.startedAt[row] === 0) nodes.startedAt[row] = this.now;
      nodes.releasedTo[row] = -1;
    } else {
      nodes.runningOn[row] = -1;
      nodes.startedAt[row] = 0;
      if (change.status !== 'scheduled') nodes.releasedTo[row] = -1;
    }
    // A ticket that another planner made lies as one that nothing hurries.
    if (ticket === -1) nodes.ticketRank[row] = ticketRank(nodes.priority[row]!, 2);
  }

  private classOf(name: string | null): number {
    return name === null ? -1 : this.classes.named(name).index;
  }

  private tellDependents(row: number, difference: 1 | -1): void {
    const { nodes, edges, lanes } = this;
    for (let edge = edges.firstDependent[row]!; edge !== -1; edge = edges.next[edge]!) {
      const dependent = edges.owner[edge]!;
      if (dependent === -1) continue;
      const before = nodes.unfinished[dependent]!;
      const after = before + difference;
      if (before > 0 && after > 0) {
        nodes.unfinished[dependent] = after;
        continue;
      }
      lanes.leave(dependent);
      nodes.unfinished[dependent] = after;
      lanes.enter(dependent, this.now);
    }
  }

  private revise(row: number, estimate: number): void {
    this.lanes.leave(row);
    this.nodes.estimate[row] = estimate;
    this.lanes.enter(row, this.now);
    this.ranks.touch(row);
  }

  private rowOf(build: BuildId): number {
    const row = this.nodes.rowOf(build);
    this.edges.fit(row + 1);
    return row;
  }

  private hasDependents(row: number): boolean {
    const { firstDependent, owner, next } = this.edges;
    for (let edge = firstDependent[row]!; edge !== -1; edge = next[edge]!) {
      if (owner[edge] !== -1) return true;
    }
    return false;
  }

  private takeOver(from: PlannerState, row: number, moved: Int32Array): void {
    const to = moved[row]!;
    const start = from.edges.start[row]!;
    const inputs = from.edges.input.subarray(start, start + from.edges.count[row]!);
    // An input that was forgotten had succeeded.
    this.edges.connect(
      to,
      [...inputs.map((input) => moved[input]!)].filter((i) => i !== -1),
    );
    const { nodes } = this;
    if (nodes.status[to] !== unknownCode) {
      const key = from.durations.keyOf(row);
      nodes.packageName[to] = -1;
      this.durations.name(to, key, null);
      nodes.estimate[to] = from.nodes.estimate[row]!;
    }
    this.lanes.enter(to, this.now);
  }
}
