/** Attempts that are not a worker's, as it would claim them: by guessed or overheard fences. */
import type { WorkerReport } from '#application/accept-report.js';
import type { AttemptClaim } from '#application/ports/lease-store.js';
import type { Fence, WorkerId } from '#domain/ids.js';
import type { World } from './world.js';

export function lieAbout({ rows, chance }: World, worker: WorkerId): AttemptClaim[] {
  const leases = rows.leases.filter(() => chance.odds(0.5));
  return leases.map(({ attempt, fence, worker: owner }) => ({
    attempt,
    // One that listened to another's conversation knows even the fence.
    fence: owner !== worker && chance.odds(0.5) ? fence : ('0123456789abcdef' as Fence),
  }));
}

/** Ends of attempts that other workers have in hand, their fences overheard. */
export function reportsOfOthers(
  { rows, chance }: World,
  worker: WorkerId,
): Omit<WorkerReport, 'worker'>[] {
  const others = rows.leases.filter((lease) => lease.worker !== worker && chance.odds(0.3));
  return others.map(({ attempt, fence }) => ({
    ...{ attempt, fence, logBytes: 0, outputs: [] },
    outcome: { kind: 'failed', reason: 'builder-failed', message: 'said by another' },
  }));
}
