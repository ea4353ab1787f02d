/**
 * A worker leaves the farm for good: its credential is refused from now on, and what it had in hand
 * is given to others at once. Should we die in between, its leases run out by themselves, since
 * nobody renews them any more.
 */
import { nextBuildStatus, type AttemptOutcome } from '#domain/build/next-build-status.js';
import type { WorkerId } from '#domain/ids.js';
import { tell } from './accept-report.js';
import type { Bus } from './ports/bus.js';
import type { ReportStore } from './ports/report-store.js';
import type { WorkerStandingStore } from './ports/worker-standing-store.js';

export interface RemoveWorkerParts {
  readonly standing: WorkerStandingStore;
  readonly reports: ReportStore;
  readonly bus: Bus;
}

const removed: AttemptOutcome = {
  kind: 'failed',
  reason: 'handed-back',
  message: 'Its worker was removed from the farm.',
};

/** False when there is no such worker. */
export async function removeWorker(parts: RemoveWorkerParts, worker: WorkerId): Promise<boolean> {
  const { standing, reports, bus } = parts;
  const held = await standing.remove(worker);
  if (held === null) return false;
  if (held.length > 0) {
    await tell(
      bus,
      await reports.settle(held, (_attempt, facts) => nextBuildStatus(removed, facts)),
    );
  }
  await bus.publish(`worker/${worker}`, '');
  await bus.publish('workers', '');
  await bus.publish('planner', '');
  return true;
}
