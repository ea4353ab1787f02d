/**
 * Timers that say "look at this specification's channels now". Rebuildable: the next poll times lie
 * in Postgres, and every timer is made again when the queue's epoch mark is missing.
 */
import type { SpecificationId } from '#domain/ids.js';
import type { EvaluationTrigger } from '#domain/evaluation/status.js';

export interface PollCall {
  readonly specification: SpecificationId;
  readonly trigger: EvaluationTrigger;
}

export interface PollTimers {
  schedule(specification: SpecificationId, periodSeconds: number): Promise<void>;
  remove(specification: SpecificationId): Promise<void>;
  /** The specifications that have a timer now. */
  scheduled(): Promise<readonly SpecificationId[]>;
  /** Look now; does not disturb the schedule. Calls that still wait are one. */
  trigger(call: PollCall): Promise<void>;
  /** Runs `handler` for each call, several at a time, until closed. */
  consume(handler: (call: PollCall) => Promise<void>, concurrency: number): Promise<void>;
  close(): Promise<void>;
}
