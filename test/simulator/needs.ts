/** Who needs what and who fell with what, walked over a view: the rules as the eyes read them. */
import { isFinal, type BuildStatus } from '#domain/build/status.js';
import { restartModes } from '#domain/build/restart.js';
import { isLive } from '#domain/evaluation/status.js';
import type { BuildId, EvaluationId, SpecificationId } from '#domain/ids.js';
import type { RestartIntent } from '#application/ports/intent-store.js';
import type { BuildRow, EvaluationRow, JobRow } from '#testkit/farm-subject.js';
import type { FarmView } from './state-promises.js';

type Build = Readonly<BuildRow>;
const failures: readonly BuildStatus[] = ['failed', 'failed-dependency', 'failed-other'];

/** Builds that a live evaluation leads to, or that belong to one that is still read. */
export function neededBuilds(view: FarmView): Set<BuildId> {
  const read = new Set(
    view.rows.evaluations.filter((e) => e.status === 'started').map((e) => e.id),
  );
  const ofReading = view.rows.builds.filter((b) => !isFinal(b.status) && read.has(b.evaluation));
  const roots = [...rootsOf(view, (job) => isLiveRow(view, job.evaluation)), ...ofReading];
  return below(view, roots, hasNotSucceeded);
}

/** What the evaluation leads to, or brought, and has not ended. */
export function unfinishedOf(view: FarmView, evaluation: EvaluationId): Build[] {
  const own = view.rows.builds.filter((b) => b.evaluation === evaluation && !isFinal(b.status));
  const roots = [...rootsOf(view, (job) => job.evaluation === evaluation), ...own];
  const reached = below(view, roots, hasNotSucceeded);
  return view.rows.builds.filter((build) => reached.has(build.id) && !isFinal(build.status));
}

/** Specifications whose live evaluations lead to it through what has not ended. */
export function demandersOf(view: FarmView): Map<BuildId, Set<SpecificationId>> {
  return demand(view, (e) => isLive({ status: e.status, canceled: e.canceledAt !== null }), isOpen);
}

/** Specifications that have ever led to it. */
export function everDemandersOf(view: FarmView): Map<BuildId, Set<SpecificationId>> {
  return demand(
    view,
    () => true,
    () => true,
  );
}

/** The builds that a restart lifts, as the farm stands. */
export function risersOf(view: FarmView, intent: RestartIntent): Set<BuildId> {
  const origins: readonly BuildStatus[] = restartModes[intent.mode];
  const { requestedAt } = view.rows.intents.find((row) => row.id === intent.id)!;
  const members = membersOf(view, intent);
  const rising = new Set<BuildId>();
  for (const { id, status, endedAt } of members) {
    if (origins.includes(status) && endedAt! <= requestedAt) rising.add(id);
  }
  // Ids grow from inputs to what needs them, so one pass suffices.
  for (const { id, status } of members) {
    if (status !== 'failed-dependency') continue;
    const fallen = view.inputsOf(id).filter((input) => failures.includes(input.status));
    if (fallen.every((input) => rising.has(input.id))) rising.add(id);
  }
  return rising;
}

function membersOf(view: FarmView, { of }: RestartIntent): Build[] {
  if (of.build === undefined) {
    const roots = rootsOf(view, (job) => job.evaluation === of.evaluation);
    const reached = below(view, roots, hasNotSucceeded);
    return view.rows.builds.filter((build) => reached.has(build.id));
  }
  const members = new Set<BuildId>([of.build]);
  for (const build of view.rows.builds) {
    const stands = ['failed', 'failed-other', 'canceled'].includes(build.status);
    if (!stands && view.inputsOf(build.id).some((input) => members.has(input.id))) {
      members.add(build.id);
    }
  }
  return view.rows.builds.filter((build) => members.has(build.id));
}

function demand(
  view: FarmView,
  counts: (evaluation: Readonly<EvaluationRow>) => boolean,
  through: (build: Build) => boolean,
): Map<BuildId, Set<SpecificationId>> {
  const demanders = new Map<BuildId, Set<SpecificationId>>();
  const evaluations = Map.groupBy(view.rows.evaluations.filter(counts), (e) => e.specification);
  for (const [specification, of] of evaluations) {
    const ids = new Set(of.map((evaluation) => evaluation.id));
    const roots = rootsOf(view, (job) => ids.has(job.evaluation), through);
    for (const build of below(view, roots, through)) {
      const known = demanders.get(build);
      if (known) known.add(specification);
      else demanders.set(build, new Set([specification]));
    }
  }
  return demanders;
}

function rootsOf(
  view: FarmView,
  counts: (job: Readonly<JobRow>) => boolean,
  through = hasNotSucceeded,
): Build[] {
  const jobs = view.rows.jobs.filter((job) => job.build !== null && counts(job));
  return jobs.map((job) => view.builds.get(job.build!)!).filter(through);
}

function below(
  view: FarmView,
  roots: readonly Build[],
  through: (build: Build) => boolean,
): Set<BuildId> {
  const reached = new Set(roots.map((root) => root.id));
  for (const build of reached) {
    for (const input of view.inputsOf(build)) if (through(input)) reached.add(input.id);
  }
  return reached;
}

function isLiveRow(view: FarmView, evaluation: EvaluationId): boolean {
  const row = view.rows.evaluations.find(({ id }) => id === evaluation)!;
  return isLive({ status: row.status, canceled: row.canceledAt !== null });
}

function hasNotSucceeded({ status }: Build): boolean {
  return status !== 'succeeded';
}

function isOpen({ status }: Build): boolean {
  return !isFinal(status);
}
