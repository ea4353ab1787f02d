/** How builds of the fake database end by a cancel and begin another life. */
import { mayBuild } from '#domain/build/status.js';
import type { BuildRow } from '../farm-subject.js';
import type { FakeFarmDatabase } from './farm-database.js';
import { walk } from './need-walk.js';

const unreleased = { workerClass: null, releaseExpiresAt: null, notBefore: null };

/** With the canceled inputs that they cannot do without; answers how many became scheduled. */
export function scheduleAgain(database: FakeFarmDatabase, builds: readonly BuildRow[]): number {
  const canceledInputs = (row: BuildRow): BuildRow[] =>
    database.inputsOf(row.id).filter((input) => input.status === 'canceled');
  const chosen = [...walk(builds, canceledInputs)].filter((row) => mayBuild('restart', row.status));
  for (const row of chosen) {
    database.builds.patch(row, {
      ...{ status: 'scheduled', reason: null, generation: row.generation + 1, ...unreleased },
      ...{ farmFaults: 0, failedInput: null, failurePropagated: false, startedAt: null },
      ...{ scheduledAt: database.now, endedAt: null },
    });
  }
  return chosen.length;
}

/** Builds whose leases are about to end by a cancel are wished for after all. */
export function keepRunning(database: FakeFarmDatabase, builds: readonly BuildRow[]): void {
  for (const { id } of builds) {
    const lease = database.leases.find(id);
    if (lease && lease.cancelReason !== null) database.leases.patch(lease, { cancelReason: null });
  }
}

export function cancelScheduled(database: FakeFarmDatabase, row: BuildRow): void {
  database.builds.patch(row, {
    ...{ status: 'canceled', reason: null, generation: row.generation + 1, ...unreleased },
    endedAt: database.now,
  });
}
