/**
 * The statuses of builds and attempts, as Cuirass has them so that its API and habits carry over.
 * This table is the only place that lists them; finality, kinship and drawings derive from it.
 */
export const buildStatuses = {
  scheduled: {
    final: false,
    fault: 'none',
    next: ['submitted', 'failed-dependency', 'failed-other', 'canceled'],
  },
  submitted: {
    final: false,
    fault: 'none',
    next: ['started', 'scheduled', 'succeeded', 'failed', 'failed-other', 'canceled'],
  },
  started: {
    final: false,
    fault: 'none',
    next: ['scheduled', 'succeeded', 'failed', 'failed-other', 'canceled'],
  },
  succeeded: { final: true, fault: 'none', next: ['scheduled'] },
  failed: { final: true, fault: 'package', next: ['scheduled'] },
  'failed-dependency': { final: true, fault: 'package', next: ['scheduled'] },
  'failed-other': { final: true, fault: 'farm', next: ['scheduled'] },
  canceled: { final: true, fault: 'none', next: ['scheduled'] },
} as const satisfies Record<string, StatusRow>;

interface StatusRow {
  /** Nothing more happens by itself. */
  readonly final: boolean;
  /** Whose fault a build in this status is: the package's, the farm's, or nobody's. */
  readonly fault: 'none' | 'package' | 'farm';
  readonly next: readonly string[];
}

export type BuildStatus = keyof typeof buildStatuses;

export const attemptStatuses = {
  submitted: { final: false },
  started: { final: false },
  succeeded: { final: true },
  failed: { final: true },
  'failed-other': { final: true },
  canceled: { final: true },
} as const;

export type AttemptStatus = keyof typeof attemptStatuses;

export function isFinal(status: BuildStatus): boolean {
  return buildStatuses[status].final;
}

/** A final status other than succeeded, from which dependents can never start. */
export function isFailed(status: BuildStatus): boolean {
  return buildStatuses[status].fault !== 'none';
}
