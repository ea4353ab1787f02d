/**
 * Where each build is now (coming, sleeping, ready, out or running) and what is counted by it. A
 * change takes a build out of its lane, writes, and puts it into the lane that its columns say.
 */
import type { ClassTable } from './class-table.js';
import type { FairShares } from './fair-shares.js';
import { isLiveCode, isRunningCode, lane, scheduledCode, type NodeTable } from './node-table.js';
import { ReadyQueues } from './ready-queues.js';

export interface LaneParts {
  readonly nodes: NodeTable;
  readonly classes: ClassTable;
  readonly shares: FairShares;
  readonly agingMs: number;
  readonly chargeAheadMs: number;
}

export class Lanes {
  readonly ready: ReadyQueues;
  readonly out = new Set<number>();
  readonly running = new Set<number>();
  readonly sleeping = new Set<number>();
  /** By demand: the times of all live builds, and how many are scheduled but not ready. */
  readonly liveWork: number[] = [];
  readonly coming: number[] = [];

  constructor(private readonly parts: LaneParts) {
    this.ready = new ReadyQueues(parts.nodes);
  }

  leave(row: number): void {
    const { nodes } = this.parts;
    const was = nodes.lane[row]!;
    nodes.lane[row] = lane.none;
    this.count(row, was, -1);
    if (was === lane.ready) {
      this.ready.remove(row);
      this.parts.shares.leftReady(nodes.specifications[row]!);
    } else if (was === lane.sleeping) this.sleeping.delete(row);
    else if (was === lane.out) this.out.delete(row);
    else if (was === lane.running) this.running.delete(row);
  }

  enter(row: number, now: number): void {
    const { nodes, shares } = this.parts;
    const goes = laneOf(nodes, row, now);
    this.settleAge(row, goes, now);
    // Whatever moves a build whose ticket has expired: nobody is to be taken for its claimer later.
    if (goes !== lane.out) nodes.releasedTo[row] = -1;
    nodes.lane[row] = goes;
    this.count(row, goes, 1);
    if (goes === lane.ready) {
      this.ready.add(row);
      shares.becameReady(nodes.specifications[row]!, nodes.priority[row]!);
    } else if (goes === lane.sleeping) this.sleeping.add(row);
    else if (goes === lane.out) this.out.add(row);
    else if (goes === lane.running) this.running.add(row);
    this.charge(row, goes);
  }

  /** What is charged by estimate is corrected by what it took; null when it took nothing. */
  settleCharge(row: number, took: number | null): void {
    const { nodes, shares } = this.parts;
    const set = nodes.chargedSet[row]!;
    if (set === -1) return;
    shares.comesBack(set, (took ?? 0) - nodes.charged[row]!);
    nodes.chargedSet[row] = -1;
  }

  /** A running build is charged as it goes on, at most `chargeAheadMs` before it has run. */
  accrue(row: number, done: number): void {
    const { nodes, shares, chargeAheadMs } = this.parts;
    const set = nodes.chargedSet[row]!;
    if (set === -1) return;
    const due = Math.max(done, Math.min(nodes.estimate[row]!, done + chargeAheadMs));
    if (due <= nodes.charged[row]!) return;
    shares.charge(set, due - nodes.charged[row]!);
    nodes.charged[row] = due;
  }

  private charge(row: number, goes: number): void {
    const { nodes, shares } = this.parts;
    if (goes !== lane.out && goes !== lane.running) return this.settleCharge(row, null);
    const [was, set] = [nodes.chargedSet[row]!, nodes.specifications[row]!];
    if (was === set) return;
    // Who comes to demand what is out already is charged with it, and it counts for their limits.
    const ahead = Math.min(nodes.estimate[row]!, this.parts.chargeAheadMs);
    const charged = was === -1 ? ahead : nodes.charged[row]!;
    this.settleCharge(row, null);
    nodes.charged[row] = charged;
    nodes.chargedSet[row] = set;
    shares.goesOut(set, charged);
  }

  private count(row: number, where: number, one: 1 | -1): void {
    const { nodes, classes } = this.parts;
    const demand = nodes.demand[row]!;
    if (where !== lane.none) {
      this.liveWork[demand] = (this.liveWork[demand] ?? 0) + one * nodes.estimate[row]!;
    }
    if (where === lane.coming || where === lane.sleeping) {
      this.coming[demand] = (this.coming[demand] ?? 0) + one;
    } else if (where === lane.out) classes.rows[nodes.releasedTo[row]!]!.out += one;
    else if (where === lane.running && nodes.runningOn[row] !== -1) {
      classes.rows[nodes.runningOn[row]!]!.running += one;
    }
  }

  /** Age counts from when a build could first be released, through tickets and back-off. */
  private settleAge(row: number, goes: number, now: number): void {
    const { nodes } = this.parts;
    if (goes === lane.none || goes === lane.coming) nodes.readyAt[row] = 0;
    else if (nodes.readyAt[row] === 0) nodes.readyAt[row] = now;
    nodes.lateness[row] = -dueAt(nodes.readyAt[row]!, nodes.priority[row]!, this.parts.agingMs);
  }
}

/** A build is due by its age when it has been ready for one step more than its priority says. */
export function dueAt(readyAt: number, priority: number, agingMs: number): number {
  return readyAt + (priority + 1) * agingMs;
}

/** A lane by the columns alone. */
function laneOf(nodes: NodeTable, row: number, now: number): number {
  const status = nodes.status[row]!;
  if (!isLiveCode(status)) return lane.none;
  if (isRunningCode(status)) return lane.running;
  if (status === scheduledCode && nodes.releasedTo[row] !== -1 && nodes.expiresAt[row]! > now) {
    return lane.out;
  }
  if (nodes.unfinished[row]! > 0) return lane.coming;
  return nodes.notBefore[row]! > now ? lane.sleeping : lane.ready;
}
