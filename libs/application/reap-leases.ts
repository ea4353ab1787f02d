/**
 * Ends the attempts whose lease ran out, as lost; their builds are scheduled again or, after too
 * many farm faults, end. Nothing is reaped while an outage of ours could be the cause: gateways
 * must have been there for one whole lease without a gap.
 */
import { nextBuildStatus, type AttemptOutcome } from '#domain/build/next-build-status.js';
import { tell } from './accept-report.js';
import type { Bus } from './ports/bus.js';
import type { LeaseStore } from './ports/lease-store.js';
import type { ReportStore } from './ports/report-store.js';

export interface ReapLeasesParts {
  readonly leases: LeaseStore;
  readonly reports: ReportStore;
  readonly bus: Bus;
  readonly leaseSeconds: number;
}

const longestGapSeconds = 6;
const beatsOfAGap = 3;
const reapedAtOnce = 100;

/**
 * How often gateways say that they are there, and after which silence they were not. A lease was
 * renewed for the last time up to a third of its length before an outage, so a gap of half a lease
 * is noticed before any lease runs out by it.
 */
export function presenceOf(leaseSeconds: number): { beatSeconds: number; gapSeconds: number } {
  const gapSeconds = Math.min(longestGapSeconds, leaseSeconds / 2);
  return { gapSeconds, beatSeconds: gapSeconds / beatsOfAGap };
}

const lost: AttemptOutcome = {
  kind: 'failed',
  reason: 'worker-lost',
  message: 'The worker stopped renewing its lease.',
};

/** Answers how many attempts were ended: all that could be, since a dead rack leaves many. */
export async function reapLeases(parts: ReapLeasesParts): Promise<number> {
  for (let reaped = 0; ;) {
    const ended = await reapSome(parts);
    reaped += ended;
    if (ended < reapedAtOnce) return reaped;
  }
}

async function reapSome(parts: ReapLeasesParts): Promise<number> {
  const { leases, reports, leaseSeconds } = parts;
  const { gapSeconds } = presenceOf(leaseSeconds);
  const expired = await leases.expired(leaseSeconds, gapSeconds, reapedAtOnce);
  if (expired.length === 0) return 0;
  // A lease may be renewed between the two: the store looks at the clock once more under the lock.
  const settled = await reports.settle(
    expired.map((report) => ({ ...report, onlyIfExpired: true })),
    (_attempt, facts) => nextBuildStatus(lost, facts),
  );
  await tell(parts.bus, settled);
  return settled.filter((one) => one.accepted).length;
}
