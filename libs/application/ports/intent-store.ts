/**
 * Restarts and cancels of many builds, as rows that stay until they are carried out. All of it may
 * be repeated: every write is conditional, and what is to be done is derived anew each time.
 */
import type { FallenBuild } from '#domain/build/rising.js';
import type { RestartMode } from '#domain/build/restart.js';
import type { BuildId, EvaluationId, IntentId, WorkerId } from '#domain/ids.js';

interface AnyIntent {
  readonly id: IntentId;
  readonly reason: string;
}

export type RestartIntent = AnyIntent & {
  readonly kind: 'restart';
  readonly mode: RestartMode;
  /** What fell with this build; or the failures of this evaluation. */
  readonly of:
    | { readonly build: BuildId; readonly evaluation?: undefined }
    | { readonly evaluation: EvaluationId; readonly build?: undefined };
};

export type CancelIntent = AnyIntent & {
  readonly kind: 'cancel';
  readonly evaluation: EvaluationId;
};

export type Intent = RestartIntent | CancelIntent;

export interface Canceled {
  /** Builds that are canceled or shall be; none: nothing is left to do. */
  readonly builds: number;
  /** Workers that have such a build in hand. */
  readonly workers: readonly WorkerId[];
}

export interface IntentStore {
  /** The oldest that is not finished. */
  next(): Promise<Intent | null>;
  /**
   * Builds that the restart may lift. Of those that failed by themselves only what had failed when
   * it was asked for, so that it never restarts what fails again.
   */
  fallen(intent: RestartIntent): Promise<readonly FallenBuild[]>;
  /**
   * One transaction: schedules those that are failed or canceled still, with the canceled inputs
   * that they need. Answers how many became scheduled.
   */
  reschedule(intent: RestartIntent, builds: readonly number[]): Promise<number>;
  /**
   * Cancels what only the evaluation needs and no live evaluation does; what runs is wished to end.
   * A large one goes in parts, what runs first: each is told when it is committed, and when that is
   * answered with false no other begins. Answers all of them together.
   */
  cancel(intent: CancelIntent, tell?: (part: Canceled) => Promise<boolean>): Promise<Canceled>;
  /** Answers how many failures must be told on again, since something scheduled needs them. */
  finish(intent: Intent): Promise<number>;
}
