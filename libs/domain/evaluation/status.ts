/**
 * The statuses of an evaluation; this table is the only place that lists them. Finality, allowed
 * actions and the drawing in docs/statuses.md derive from it.
 */
import { mayHappen, type StatusTable } from '../status-table.js';

export type EvaluationCause = 'read to the end' | 'fault' | 'cancel';
type Word = 'started' | 'succeeded' | 'failed' | 'aborted';

/**
 * `wishes`: builds go on for its sake. A succeeded evaluation may be canceled too: it stays
 * succeeded, since all of it was read, and wishes for nothing any more (`canceled_at`).
 */
export const evaluationStatuses = {
  started: {
    wishes: true,
    next: { succeeded: 'read to the end', failed: 'fault', aborted: 'cancel' },
  },
  succeeded: { wishes: true, next: {} },
  failed: { wishes: false, next: {} },
  aborted: { wishes: false, next: {} },
} as const satisfies StatusTable<Word, EvaluationCause> & Record<Word, { wishes: boolean }>;

export type EvaluationStatus = keyof typeof evaluationStatuses;

/** What made the farm look: a due poll, a hook, an edited specification, or a person's retry. */
export type EvaluationTrigger = 'poll' | 'hook' | 'edit' | 'retry';

/** The status that a cancel leaves behind: what is being read is aborted, what was read stays. */
export function canceledStatus(status: EvaluationStatus): EvaluationStatus {
  return mayHappen(evaluationStatuses, status, 'cancel') ? 'aborted' : status;
}

/** Whether builds go on for the sake of an evaluation. */
export function isLive(evaluation: {
  readonly status: EvaluationStatus;
  readonly canceled: boolean;
}): boolean {
  return evaluationStatuses[evaluation.status].wishes && !evaluation.canceled;
}

/** The statuses of evaluations that are live unless they were canceled. */
export const wishingStatuses = (Object.keys(evaluationStatuses) as EvaluationStatus[]).filter(
  (status) => evaluationStatuses[status].wishes,
);
