/**
 * What a person wishes of builds and evaluations: restarts and cancels. Each is one transaction;
 * what concerns many builds is left in it as an intent, for the coordinator to carry out.
 */
import type { Result } from '#std/result.js';
import type { FailureKind, RestartVerdict, RestartWish } from '#domain/build/restart.js';
import type { BuildStatus } from '#domain/build/status.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type { BuildId, EvaluationId, IntentId, WorkerId } from '#domain/ids.js';

export type WishRefusal =
  | { readonly kind: 'unknown' }
  /** A build in this status cannot be restarted, or canceled. */
  | { readonly kind: 'build-status'; readonly status: BuildStatus }
  /** The build cannot start before these are restarted. */
  | { readonly kind: 'failed-inputs'; readonly inputs: readonly BuildId[] }
  /** These live evaluations need the build; the first few. */
  | { readonly kind: 'needed'; readonly evaluations: readonly EvaluationId[] }
  /** The evaluation wishes for nothing any more. */
  | {
      readonly kind: 'evaluation-over';
      readonly status: EvaluationStatus;
      readonly canceled: boolean;
    };

export interface BuildRestart {
  readonly status: BuildStatus;
  /** Null when nothing but the build itself is restarted. */
  readonly intent: IntentId | null;
}

export interface BuildCancel {
  /** Still `started` or `submitted` when a worker has it: it is told to end it. */
  readonly status: BuildStatus;
  readonly worker: WorkerId | null;
}

export interface WishStore {
  restartBuild(
    build: BuildId,
    withDependents: boolean,
    judge: (wish: RestartWish) => RestartVerdict,
  ): Promise<Result<BuildRestart, WishRefusal>>;
  /** `force`: even when several live evaluations need it. */
  cancelBuild(build: BuildId, force: boolean): Promise<Result<BuildCancel, WishRefusal>>;
  /**
   * Gives it, and the inputs that it waits for, the most urgent priority. Refused unless it waits.
   * How many builds were less urgent before.
   */
  bumpBuild(build: BuildId): Promise<Result<number, WishRefusal>>;
  restartEvaluation(
    evaluation: EvaluationId,
    failures: FailureKind,
  ): Promise<Result<IntentId, WishRefusal>>;
  /** From now on it wishes for nothing; if it is still read, it is aborted. */
  cancelEvaluation(evaluation: EvaluationId): Promise<Result<IntentId, WishRefusal>>;
}
