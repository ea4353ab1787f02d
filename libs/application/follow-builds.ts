/**
 * Fills the planner's memory from Postgres: all of it at the start, and then what has changed.
 */
import type { BuildId, EvaluationId } from '#domain/ids.js';
import type { SchedulingPolicy } from '#domain/scheduling/planner.js';
import { PlannerMemory, type Unknown } from './planner-memory.js';
import type {
  Demanded,
  EvaluationJobStore,
  FeedChanges,
  GraphBuild,
  PlannerStore,
} from './ports/planner-store.js';

export interface FollowParts {
  readonly graph: PlannerStore;
  readonly jobs: EvaluationJobStore;
}

const readAtOnce = 10_000;

/** One snapshot of everything unfinished; changes since then are followed afterwards. */
export async function rebuildPlanner(
  graph: PlannerStore,
  policy: SchedulingPolicy,
): Promise<PlannerMemory> {
  const builds: GraphBuild[] = [];
  const demanded: Demanded[] = [];
  let start: ConstructorParameters<typeof PlannerMemory>[1] | null = null;
  for await (const part of graph.load()) {
    start ??= { position: part.position, now: part.now };
    for (const build of part.builds) builds.push(build);
    for (const one of part.demanded) demanded.push(one);
  }
  const memory = new PlannerMemory(policy, start!);
  memory.begin(builds, demanded);
  return memory;
}

/** False when the changes since then were forgotten: the memory must be rebuilt. */
export async function followBuilds(parts: FollowParts, memory: PlannerMemory): Promise<boolean> {
  const changes = await parts.graph.changes(memory.position);
  if (!changes) return false;
  await takeChanges(parts, memory, changes);
  return true;
}

/**
 * A crash or a fault in the middle leaves the position where it was, so that the same changes are
 * told again: telling them twice is harmless.
 */
export async function takeChanges(
  parts: FollowParts,
  memory: PlannerMemory,
  changes: FeedChanges,
): Promise<void> {
  await readUnknown(parts.graph, memory, memory.apply(changes.builds));
  for (const evaluation of changes.evaluations) await followJobs(parts, memory, evaluation);
  memory.position = changes.position;
  memory.now = changes.now;
}

/** Reads builds afresh, whatever the memory thinks of them. */
export async function readAgain(
  graph: PlannerStore,
  memory: PlannerMemory,
  builds: readonly BuildId[],
): Promise<void> {
  for (let start = 0; start < builds.length; start += readAtOnce) {
    const some = builds.slice(start, start + readAtOnce);
    const [read, demanded] = await Promise.all([graph.builds(some), graph.demanded(some)]);
    memory.admit(read, demanded);
  }
}

async function readUnknown(
  graph: PlannerStore,
  memory: PlannerMemory,
  { builds, revived }: Unknown,
): Promise<void> {
  const dependents = await graph.dependents(revived);
  const known = dependents.filter((build) => memory.isUnfinished(build));
  await readAgain(graph, memory, [...new Set([...builds, ...known])]);
}

async function followJobs(
  { jobs }: FollowParts,
  memory: PlannerMemory,
  evaluation: EvaluationId,
): Promise<void> {
  if (memory.closedEvaluations.has(evaluation) && memory.demandIsStale) return;
  const told = await jobs.jobs(evaluation, memory.seenJobs.get(evaluation) ?? 0);
  if (!told) return;
  // One that moves after it was closed was given up, or is wished for again.
  if (!told.live || memory.closedEvaluations.has(evaluation)) memory.demandIsStale = true;
  else memory.demand(told.builds, told.specification);
  if (told.open) {
    memory.seenJobs.set(evaluation, told.last);
    return;
  }
  memory.seenJobs.delete(evaluation);
  memory.closedEvaluations.add(evaluation);
}

/** Walks anew who demands what, after an evaluation was given up. */
export async function renewDemands(graph: PlannerStore, memory: PlannerMemory): Promise<void> {
  memory.demandIsStale = false;
  const unfinished = [...memory.unfinished()];
  const demanded: Demanded[] = [];
  for (let start = 0; start < unfinished.length; start += readAtOnce) {
    for (const one of await graph.demanded(unfinished.slice(start, start + readAtOnce))) {
      demanded.push(one);
    }
  }
  memory.demandOnly(demanded);
}
