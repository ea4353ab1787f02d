/**
 * The statuses of builds and attempts, as Cuirass has them so that its API and habits carry over.
 * These tables are the only place that lists them, with what follows each and why; finality,
 * allowed actions and the drawings in docs/statuses.md derive from them.
 */
import { mayHappen, type StatusTable } from '../status-table.js';

/** What moves a build from one status to the next. */
export type BuildCause =
  | 'claim'
  | 'builder runs'
  | 'success'
  | 'package fault'
  | 'farm fault'
  | 'too many farm faults'
  | 'failed input'
  | 'cancel'
  /** Its outputs were fetched from an upstream. */
  | 'substitute'
  /** A person asks for it. */
  | 'restart'
  /** Its outputs cannot be downloaded any more: found broken, collected, or gone upstream. */
  | 'lost output';

/** A new evaluation that needs a build may restart it, too: see `buildsToReschedule`. */
export const buildStatuses = {
  scheduled: {
    fault: 'none',
    next: {
      submitted: 'claim',
      succeeded: 'substitute',
      'failed-dependency': 'failed input',
      canceled: 'cancel',
    },
  },
  submitted: {
    fault: 'none',
    next: {
      started: 'builder runs',
      scheduled: 'farm fault',
      succeeded: 'success',
      failed: 'package fault',
      'failed-other': 'too many farm faults',
      canceled: 'cancel',
    },
  },
  started: {
    fault: 'none',
    next: {
      scheduled: 'farm fault',
      succeeded: 'success',
      failed: 'package fault',
      'failed-other': 'too many farm faults',
      canceled: 'cancel',
    },
  },
  succeeded: { fault: 'none', next: { scheduled: 'lost output' } },
  failed: { fault: 'package', next: { scheduled: 'restart' } },
  'failed-dependency': { fault: 'package', next: { scheduled: 'restart' } },
  'failed-other': { fault: 'farm', next: { scheduled: 'restart' } },
  canceled: { fault: 'none', next: { scheduled: 'restart', succeeded: 'substitute' } },
} as const satisfies StatusTable<BuildWord, BuildCause> & Record<BuildWord, { fault: Fault }>;

/** Whose fault a build in this status is: the package's, the farm's, or nobody's. */
type Fault = 'none' | 'package' | 'farm';
type BuildWord = FinalWord | 'scheduled' | 'submitted' | 'started' | 'failed-dependency';
type FinalWord = 'succeeded' | 'failed' | 'failed-other' | 'canceled';

export type BuildStatus = keyof typeof buildStatuses;

const attemptEnds = {
  succeeded: 'success',
  failed: 'package fault',
  'failed-other': 'farm fault',
  canceled: 'cancel',
} as const;

export const attemptStatuses = {
  submitted: { next: { started: 'builder runs', ...attemptEnds } },
  started: { next: attemptEnds },
  succeeded: { next: {} },
  failed: { next: {} },
  'failed-other': { next: {} },
  canceled: { next: {} },
} as const satisfies StatusTable<FinalWord | 'submitted' | 'started', BuildCause>;

export type AttemptStatus = keyof typeof attemptStatuses;

/** Nothing more happens by itself: only a wish, a loss or an upstream leads on. */
export function isFinal(status: BuildStatus): boolean {
  return finals.has(status);
}

const leadsBack: ReadonlySet<BuildCause> = new Set(['restart', 'lost output', 'substitute']);
const finals: ReadonlySet<BuildStatus> = new Set(
  (Object.keys(buildStatuses) as BuildStatus[]).filter((status) =>
    Object.values(buildStatuses[status].next).every((cause) => leadsBack.has(cause)),
  ),
);

/** A final status other than succeeded, from which dependents can never start. */
export function isFailed(status: BuildStatus): boolean {
  return buildStatuses[status].fault !== 'none';
}

export type BuildAction = 'restart' | 'cancel';

export function mayBuild(action: BuildCause, status: BuildStatus): boolean {
  return mayHappen(buildStatuses, status, action);
}

/** The statuses that an action or a cause leads on from, in the order of the table. */
export function statusesFor(action: BuildCause): BuildStatus[] {
  return (Object.keys(buildStatuses) as BuildStatus[]).filter((status) => mayBuild(action, status));
}
