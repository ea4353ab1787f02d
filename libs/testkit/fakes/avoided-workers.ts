/** Who shall not get a build of the fake database again, as adapters/postgres/avoided-worker. */
import { canBuild, workerClassName } from '#domain/worker/worker-class.js';
import type { WorkerId } from '#domain/ids.js';
import type { BuildRow, WorkerRow } from '../farm-subject.js';
import type { FakeFarmDatabase } from './farm-database.js';
import { isPaused, isThere } from './worker-store.js';

/** In the life that the build has had since it was last scheduled by a wish. */
export function hasFailed(database: FakeFarmDatabase, worker: WorkerId, build: BuildRow): boolean {
  return database.attempts.all().some((attempt) => {
    const isTheirs = attempt.build === build.id && attempt.worker === worker;
    const isFault = attempt.status === 'failed-other' && attempt.reason !== 'handed-back';
    return isTheirs && isFault && attempt.createdAt >= build.scheduledAt;
  });
}

/** Workers that take builds, could take this one, and have not failed it. */
export function couldTake(database: FakeFarmDatabase, build: BuildRow): WorkerRow[] {
  const { derivations, workers, now } = database;
  const demand = derivations.find(build.id)!;
  return workers.all().filter((worker) => {
    const isTaking = isThere(worker, now) && !isPaused(worker, now) && !worker.draining;
    const isHere = isTaking && worker.removedAt === null && worker.holdsBack === null;
    const mayTake = isHere && worker.slots > 0 && canBuild(worker, demand);
    return mayTake && !hasFailed(database, worker.id, build);
  });
}

/** Classes of workers that have failed it, of which none could take it while others could. */
export function avoidedClasses(database: FakeFarmDatabase, build: BuildRow): Set<string> {
  if (build.status !== 'scheduled' || build.farmFaults === 0) return new Set();
  const takers = couldTake(database, build);
  if (takers.length === 0) return new Set();
  const open = new Set(takers.map((worker) => workerClassName(worker)));
  const failers = database.workers.all().filter(({ id }) => hasFailed(database, id, build));
  const classes = failers.map((worker) => workerClassName(worker));
  return new Set(classes.filter((name) => !open.has(name)));
}
