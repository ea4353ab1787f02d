/** When the queue is empty, of what the planner knows of work and the counts of reasons. */
import type { SystemDrain } from '#domain/scheduling/planner.js';
import type { EmptyEstimate, QueueCount } from '#protocol/api/queue.js';

/** What builds wait for that no worker which is there now can build. */
const workerless = /^(no-worker-for-(system|features)|workers-(offline|paused)|disk-guard)$/;

export function estimateEmpty(
  { bySystem, byPriority }: Pick<QueueCount, 'bySystem' | 'byPriority'>,
  drains: readonly SystemDrain[],
): EmptyEstimate {
  const ends = new Map(drains.map(({ system, endsAt }) => [system, endsAt]));
  const rows = bySystem.map(({ system }) => {
    const own = byPriority.filter((row) => row.system === system);
    const withoutWorker = own
      .flatMap(({ reasons }) => reasons)
      .reduce((sum, { reason, builds }) => sum + (workerless.test(reason) ? builds : 0), 0);
    return { system, emptyAt: timeOf(ends.get(system) ?? null), withoutWorker };
  });
  const times = rows.flatMap(({ emptyAt }) => (emptyAt === null ? [] : [emptyAt]));
  return {
    emptyAt: times.sort().at(-1) ?? null,
    withoutWorker: rows.reduce((sum, row) => sum + row.withoutWorker, 0),
    bySystem: rows,
  };
}

function timeOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
