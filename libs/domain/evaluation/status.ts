/** The statuses of an evaluation; this table is the only place that lists them. */
export const evaluationStatuses = {
  started: { final: false },
  succeeded: { final: true },
  failed: { final: true },
  aborted: { final: true },
} as const;

export type EvaluationStatus = keyof typeof evaluationStatuses;

/** What made the farm look: a due poll, a hook, an edited specification, or a person's retry. */
export type EvaluationTrigger = 'poll' | 'hook' | 'edit' | 'retry';
