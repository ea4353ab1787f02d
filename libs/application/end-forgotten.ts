/**
 * A worker that connects names all that it has in hand. What we know to run there and it does not
 * name, it has lost, with its disk or by what it built: the attempt ends, as if the worker had
 * stopped answering. Otherwise a build that kills its worker would be given to it again and again,
 * each claim of the slot renewing the lease. Attempts whose builder has not begun are given again.
 */
import { nextBuildStatus, type AttemptOutcome } from '#domain/build/next-build-status.js';
import type { AttemptId, WorkerId } from '#domain/ids.js';
import { tell } from './accept-report.js';
import type { Bus } from './ports/bus.js';
import type { LeaseStore } from './ports/lease-store.js';
import type { ReportStore } from './ports/report-store.js';

export interface EndForgottenParts {
  readonly leases: LeaseStore;
  readonly reports: ReportStore;
  readonly bus: Bus;
}

const forgotten: AttemptOutcome = {
  kind: 'failed',
  reason: 'worker-lost',
  message: 'The worker came back without it.',
};

/** Answers how many attempts were ended. */
export async function endForgotten(
  { leases, reports, bus }: EndForgottenParts,
  worker: WorkerId,
  named: readonly AttemptId[],
): Promise<number> {
  const unnamed = await leases.forgotten(worker, named);
  if (unnamed.length === 0) return 0;
  const settled = await reports.settle(unnamed, (_attempt, facts) =>
    nextBuildStatus(forgotten, facts),
  );
  await tell(bus, settled);
  return settled.filter((one) => one.accepted).length;
}
