/** What a pass of the planner reads beside the graph, and the releases that it writes. */
import type { BuildId } from '#domain/ids.js';
import type { Assignment, SpecificationShare, Withdrawal } from '#domain/scheduling/planner.js';
import type { WorkerState } from '#domain/scheduling/worker-state.js';
import type { Ticket } from './ticket-queue.js';

export interface Released {
  /** Of the new generation, in the order of the assignments. */
  readonly tickets: readonly Ticket[];
  /** Tickets of older generations of the same builds: they claim nothing any more. */
  readonly stale: readonly Ticket[];
  /** Until when the tickets may be claimed, by the database's clock. */
  readonly expiresAt: number;
}

export interface ReleaseStore {
  /** Workers that are alike in all that a plan looks at may stand as one, with all their slots. */
  workers(): Promise<readonly WorkerState[]>;
  /** Releases that have not expired, by class name. */
  outstanding(): Promise<ReadonlyMap<string, number>>;
  shares(): Promise<readonly SpecificationShare[]>;
  /**
   * Builds that the farm has failed before, with the classes in which every worker that takes
   * builds has lost or failed them, while a worker of another class could take them.
   */
  avoided(): Promise<ReadonlyMap<BuildId, ReadonlySet<string>>>;
  /**
   * Only builds that are scheduled, not released and whose every input has succeeded: others are
   * left out, whatever the planner thought of them.
   */
  release(assignments: readonly Assignment[], seconds: number): Promise<Released>;
  /** Answers those that were still unclaimed and in that generation; their tickets are void. */
  withdraw(withdrawals: readonly Withdrawal[]): Promise<readonly Ticket[]>;
  /** Every outstanding release is void: its ticket is lost. Answers how many. */
  voidAll(): Promise<number>;
}
