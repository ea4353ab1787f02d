/**
 * What a job's status says of the job itself when two evaluations are compared. What was canceled
 * or lost by the farm says nothing of it, and neither does what still waits.
 */
import type { BuildStatus } from '../build/status.js';

/** In the order in which one of several jobs of a name decides for all: the last wins. */
export const standings = ['good', 'undone', 'bad', 'waiting'] as const;
export type Standing = (typeof standings)[number];

/** A job that could not be evaluated has no build, and fails. */
export type SheetStatus = BuildStatus | 'error';

const standingByStatus: Readonly<Record<SheetStatus, Standing>> = {
  scheduled: 'waiting',
  submitted: 'waiting',
  started: 'waiting',
  succeeded: 'good',
  failed: 'bad',
  'failed-dependency': 'bad',
  'failed-other': 'undone',
  canceled: 'undone',
  error: 'bad',
};

/** In sheets a status is its place here. */
export const sheetStatuses = Object.keys(standingByStatus) as readonly SheetStatus[];

const codes = new Map(sheetStatuses.map((status, code) => [status, code]));

export function statusCode(status: SheetStatus): number {
  return codes.get(status)!;
}

/** By the code of a status, the place of its standing in `standings`. */
export const rankByCode: readonly number[] = sheetStatuses.map((status) =>
  standings.indexOf(standingByStatus[status]),
);

export function standingOf(status: SheetStatus): Standing {
  return standingByStatus[status];
}
