/**
 * The planner's builds as columns of typed arrays: one row for each build, about 120 bytes. A row
 * is a number (a "row" here and in its neighbours); ids are looked up once at the edge.
 */
import { buildStatuses, isFailed, type BuildStatus } from '../build/status.js';
import type { BuildId } from '../ids.js';

const names = Object.keys(buildStatuses) as BuildStatus[];

/** 0 is a build that others name as an input and that was never added. */
export const unknownCode = 0;
export const scheduledCode = codeOf('scheduled');
export const succeededCode = codeOf('succeeded');
const runningCodes = [codeOf('submitted'), codeOf('started')];

export function codeOf(status: BuildStatus): number {
  return names.indexOf(status) + 1;
}

/** An unknown build is told as scheduled: something is still to come. */
export function statusOf(code: number): BuildStatus {
  return names[code - 1] ?? 'scheduled';
}

export function isRunningCode(code: number): boolean {
  return code === runningCodes[0] || code === runningCodes[1];
}

/** Still to be built: its time counts in the path of its inputs. */
export function isLiveCode(code: number): boolean {
  return code === scheduledCode || isRunningCode(code);
}

export function isFailedCode(code: number): boolean {
  return code !== unknownCode && isFailed(statusOf(code));
}

/** A build is in exactly one of these; each but `none` is counted somewhere. */
export const lane = { none: 0, coming: 1, sleeping: 2, ready: 3, out: 4, running: 5 } as const;

export class NodeTable {
  length = 0;
  readonly rows = new Map<BuildId, number>();

  id = new Float64Array(0);
  status = new Uint8Array(0);
  priority = new Uint8Array(0);
  /** Interned (system, features), (name, system) and set of specifications. */
  demand = new Int32Array(0);
  packageName = new Int32Array(0);
  specifications = new Int32Array(0);
  /** 1 when the duration was measured, 0 when it is the quantile for names never seen. */
  measured = new Uint8Array(0);
  estimate = new Float64Array(0);
  /** Upward rank: its own time and the longest path of times that must follow it. */
  rank = new Float64Array(0);
  unfinished = new Int32Array(0);
  notBefore = new Float64Array(0);
  /** When it could first have been released; 0 while it cannot. */
  readyAt = new Float64Array(0);
  /** Minus the time at which it is due by its age, so that the longest due has the largest. */
  lateness = new Float64Array(0);
  generation = new Int32Array(0);
  /** Class of its ticket or of its worker, interned, or -1. */
  releasedTo = new Int32Array(0);
  expiresAt = new Float64Array(0);
  runningOn = new Int32Array(0);
  /** The rank that its ticket was given. */
  ticketRank = new Int32Array(0);
  startedAt = new Float64Array(0);
  charged = new Float64Array(0);
  chargedSet = new Int32Array(0);
  /** Where it is now: one of `lane`. */
  lane = new Uint8Array(0);
  /** Places in the ready queue and in the queue of what is due, or -1. */
  place = new Int32Array(0);
  duePlace = new Int32Array(0);
  nextOfName = new Int32Array(0);

  /** The row of a build, made when there is none. */
  rowOf(build: BuildId): number {
    const known = this.rows.get(build);
    if (known !== undefined) return known;
    if (this.length === this.id.length) this.grow(Math.max(1024, this.length * 2));
    const row = this.length;
    this.length += 1;
    this.rows.set(build, row);
    this.id[row] = build;
    for (const column of [this.releasedTo, this.runningOn, this.chargedSet]) column[row] = -1;
    for (const column of [this.place, this.duePlace, this.nextOfName]) column[row] = -1;
    this.packageName[row] = -1;
    return row;
  }

  /** Makes room for so many rows at once. */
  fit(rows: number): void {
    if (rows > this.id.length) this.grow(rows);
  }

  buildOf(row: number): BuildId {
    return this.id[row] as BuildId;
  }

  get bytes(): number {
    return this.columns().reduce((sum, [, column]) => sum + column.byteLength, 0);
  }

  /** Takes over everything about a row of another table except its place in queues. */
  copy(from: NodeTable, row: number): number {
    const to = this.rowOf(from.buildOf(row));
    const mine = Object.fromEntries(this.columns()) as Record<string, Column>;
    for (const [name, column] of from.columns()) mine[name as string]![to] = column[row]!;
    for (const column of [this.place, this.duePlace, this.nextOfName]) column[to] = -1;
    this.lane[to] = lane.none;
    return to;
  }

  private columns(): [keyof this, Column][] {
    return Object.entries(this).filter(([, value]) => isColumn(value)) as [keyof this, Column][];
  }

  private grow(capacity: number): void {
    for (const [name, column] of this.columns()) {
      const larger = new (column.constructor as new (length: number) => Column)(capacity);
      larger.set(column);
      Object.assign(this, { [name]: larger });
    }
  }
}

type Column = Float64Array | Int32Array | Uint8Array;

function isColumn(value: unknown): value is Column {
  return ArrayBuffer.isView(value);
}
