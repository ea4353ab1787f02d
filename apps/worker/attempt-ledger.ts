/** The attempts that this worker has, by attempt and by slot: what the loops look at. */
import type { AttemptDirectory, AttemptRequest } from './attempt/attempt-directory.js';
import { LogCursor } from './log-cursor.js';

export interface HeldAttempt {
  readonly attempt: string;
  readonly build: string;
  readonly fence: string;
  readonly slot: number;
  readonly request: AttemptRequest;
  readonly directory: AttemptDirectory;
  readonly cursor: LogCursor;
  /** On the clock of `performance.now()`; null while it runs. */
  finishedAt: number | null;
  startedTold: boolean;
  /** When the report was sent on this connection; null when it was not. */
  reportedAt: number | null;
  stopping: boolean;
  /** When the farm last took some of the log. */
  logMovedAt: number;
}

export function heldAttempt(directory: AttemptDirectory, request: AttemptRequest): HeldAttempt {
  const { attempt, build, fence, slot } = request.build;
  return {
    ...{ attempt, build, fence, slot, request, directory },
    cursor: new LogCursor(),
    finishedAt: null,
    startedTold: false,
    reportedAt: null,
    stopping: false,
    logMovedAt: 0,
  };
}

export class AttemptLedger {
  readonly #held = new Map<string, HeldAttempt>();

  constructor(readonly maxJobs: number) {}

  add(held: HeldAttempt): void {
    this.#held.set(held.attempt, held);
  }

  remove(attempt: string): void {
    this.#held.delete(attempt);
  }

  get(attempt: string): HeldAttempt | undefined {
    return this.#held.get(attempt);
  }

  all(): HeldAttempt[] {
    return [...this.#held.values()];
  }

  running(): HeldAttempt[] {
    return this.all().filter((held) => held.finishedAt === null);
  }

  /**
   * Slots that may claim. An attempt keeps its slot until its report is acknowledged; adopted ones
   * of slots that are no more, since max-jobs was lowered, count all the same.
   */
  freeSlots(): number[] {
    const taken = new Set(this.all().map((held) => held.slot));
    const slots = Array.from({ length: this.maxJobs }, (_, slot) => slot);
    const room = Math.max(0, this.maxJobs - this.#held.size);
    return slots.filter((slot) => !taken.has(slot)).slice(0, room);
  }

  /** Whether one more may run now in this slot. */
  admits(slot: number): boolean {
    return this.freeSlots().length > 0 && this.all().every((held) => held.slot !== slot);
  }
}
