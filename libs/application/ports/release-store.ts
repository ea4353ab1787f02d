/** What the planner reads and writes: ready builds, workers, and the releases that are out. */
import type { Assignment, ReadyBuild } from '#domain/scheduling/plan.js';
import type { ClassState, WorkerState } from '#domain/scheduling/worker-state.js';
import type { Ticket } from './ticket-queue.js';

export interface Released {
  /** Of the new generation. */
  readonly tickets: readonly Ticket[];
  /** Tickets of older generations of the same builds: they claim nothing any more. */
  readonly stale: readonly Ticket[];
}

export interface ReleaseStore {
  workers(): Promise<readonly WorkerState[]>;
  /** Releases that have not expired, by class name. */
  outstanding(): Promise<ReadonlyMap<string, number>>;
  /** Ready builds that one class can build, the most urgent first, at most `limit`. */
  ready(state: ClassState, limit: number): Promise<readonly ReadyBuild[]>;
  /** Only builds that are still scheduled and not released; others are left out silently. */
  release(assignments: readonly Assignment[], seconds: number): Promise<Released>;
  /** Every outstanding release is void: its ticket is lost. Answers how many. */
  voidAll(): Promise<number>;
}
