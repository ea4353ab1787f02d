/**
 * Where attempts end. What becomes of attempt and build is decided by the caller's pure function,
 * inside the transaction that holds the lease's row, so that an attempt ends once.
 */
import type { AttemptId, BuildId, EvaluationId, Fence, WorkerId } from '#domain/ids.js';
import type { OutputFacts, ReportedPath } from '#domain/build/judge-report.js';
import type { AttemptFacts, Settlement } from '#domain/build/next-build-status.js';

export interface AttemptReport {
  readonly worker: WorkerId;
  readonly attempt: AttemptId;
  readonly fence: Fence;
  readonly logBytes: number;
  /** What was built; empty when the attempt did not succeed. */
  readonly outputs: readonly ReportedPath[];
  /** Whether the builder could see nothing but its inputs. */
  readonly sandboxed?: boolean;
  /** For reaping: changes nothing when the lease turns out to have been renewed. */
  readonly onlyIfExpired?: boolean;
}

/** `outputs` is null for a report that names none. */
export type Decide = (
  attempt: AttemptId,
  facts: AttemptFacts,
  outputs: OutputFacts | null,
) => Settlement;

export type Settled =
  | {
      readonly accepted: true;
      /** Null: it had been settled before, by the same report. */
      readonly build: BuildId | null;
      readonly evaluation: EvaluationId | null;
      readonly settlement: Settlement | null;
    }
  | { readonly accepted: false };

export interface ReportStore {
  /** Settles all in one transaction, in the order given; answers in that order. */
  settle(reports: readonly AttemptReport[], decide: Decide): Promise<readonly Settled[]>;
}
