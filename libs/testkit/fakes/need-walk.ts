/** Who needs what in the fake database; see libs/adapters/postgres/need-walk.ts for the rules. */
import { mayBuild } from '#domain/build/status.js';
import { isLive } from '#domain/evaluation/status.js';
import type { EvaluationId } from '#domain/ids.js';
import type { BuildRow, EvaluationRow } from '../farm-subject.js';
import type { FakeFarmDatabase } from './farm-database.js';

export function isLiveRow({ status, canceledAt }: EvaluationRow): boolean {
  return isLive({ status, canceled: canceledAt !== null });
}

/** The unfinished builds that an evaluation which is live no more leaves needed by nobody. */
export function unneededBy(database: FakeFarmDatabase, evaluation: EvaluationId): BuildRow[] {
  const own = database.builds.all().filter((row) => row.evaluation === evaluation);
  const roots = [...jobsOf(database, evaluation), ...own.filter(isCancelable)];
  const unfinished = [...below(database, roots)].filter(isCancelable);
  const wished = [...above(database, unfinished)].filter((row) => isWished(database, row));
  const needed = below(database, wished);
  return unfinished.filter((row) => !needed.has(row)).sort((a, b) => a.id - b.id);
}

/** Live evaluations that a job leads from to the build. */
export function evaluationsNeeding(database: FakeFarmDatabase, build: BuildRow): EvaluationId[] {
  const up = new Set([...above(database, [build])].map((row) => row.id));
  const jobs = database.jobs.all().filter((job) => job.build !== null && up.has(job.build));
  const live = jobs.filter((job) => isLiveRow(database.evaluations.find(job.evaluation)!));
  return [...new Set(live.map((job) => job.evaluation))].sort((a, b) => a - b);
}

/** The builds that its jobs point at and that have not succeeded. */
export function jobsOf(database: FakeFarmDatabase, evaluation: EvaluationId): BuildRow[] {
  const jobs = database.jobs.all().filter((job) => job.evaluation === evaluation);
  const builds = jobs.flatMap(({ build }) =>
    build === null ? [] : [database.builds.find(build)!],
  );
  return builds.filter(hasNotSucceeded);
}

/** These and all that they need, through what has not succeeded. */
export function below(database: FakeFarmDatabase, roots: readonly BuildRow[]): Set<BuildRow> {
  return walk(roots, (row) => database.inputsOf(row.id).filter(hasNotSucceeded));
}

function above(database: FakeFarmDatabase, roots: readonly BuildRow[]): Set<BuildRow> {
  return walk(roots, (row) => database.dependentsOf(row.id).filter(hasNotSucceeded));
}

/** A set that grows while it is walked. */
export function walk(
  roots: readonly BuildRow[],
  next: (row: BuildRow) => readonly BuildRow[],
): Set<BuildRow> {
  const reached = new Set(roots);
  for (const row of reached) for (const other of next(row)) reached.add(other);
  return reached;
}

function isWished(database: FakeFarmDatabase, row: BuildRow): boolean {
  const isRead = database.evaluations.find(row.evaluation)!.status === 'started';
  if (isRead && isCancelable(row)) return true;
  return database.jobs
    .all()
    .some((job) => job.build === row.id && isLiveRow(database.evaluations.find(job.evaluation)!));
}

function isCancelable({ status }: BuildRow): boolean {
  return mayBuild('cancel', status);
}

function hasNotSucceeded({ status }: BuildRow): boolean {
  return status !== 'succeeded';
}
