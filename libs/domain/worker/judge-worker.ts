/**
 * Whether a worker fails whatever it is given: its last attempts, all ended by the farm's fault,
 * of several builds. One derivation that no worker survives does not condemn a worker, and a single
 * success, or a failure that is the package's, clears it.
 */
import type { AttemptStatus } from '../build/status.js';

export interface EndedAttempt {
  readonly build: number;
  readonly status: AttemptStatus;
  readonly reason: string | null;
}

export const faultsInARow = 5;
const differentBuilds = 3;

/** The newest first; null when nothing speaks against the worker. */
export function faultOfWorker(attempts: readonly EndedAttempt[]): string | null {
  // A build that was canceled or handed back says nothing about the worker.
  const telling = attempts.filter(
    (one) => one.status !== 'canceled' && one.reason !== 'handed-back',
  );
  const last = telling.slice(0, faultsInARow);
  if (last.length < faultsInARow || last.some((one) => one.status !== 'failed-other')) return null;
  const builds = new Set(last.map((one) => one.build)).size;
  if (builds < differentBuilds) return null;
  const reasons = [...new Set(last.map((one) => one.reason))].join(', ');
  return `Its last ${faultsInARow} attempts, of ${builds} builds, ended by the farm's fault: ${reasons}.`;
}
