/**
 * Compares the planner's counts of unfinished inputs with Postgres, a slice at a time, at one
 * snapshot: the changes until then are followed first. What differs in two looks is a fault of
 * ours; it is answered, so that the caller can tell it loudly, and it is read again.
 */
import type { BuildId } from '#domain/ids.js';
import { readAgain, takeChanges, type FollowParts } from './follow-builds.js';
import type { PlannerMemory } from './planner-memory.js';
import type { AuditSlice, AuditStore } from './ports/planner-store.js';

export interface AuditPlannerParts extends FollowParts {
  readonly audit: AuditStore;
}

export interface Audit {
  /** Builds whose counts were wrong, and are repaired. */
  readonly repaired: readonly BuildId[];
  /** Where the next slice begins: 0 after the end. */
  readonly next: number;
  readonly behind: boolean;
}

/** Ids looked at in one slice, whatever became of their builds. */
export const auditedAtOnce = 5000;

export async function auditPlanner(
  parts: AuditPlannerParts,
  memory: PlannerMemory,
  after: number,
): Promise<Audit> {
  const first = await look(parts, memory, after);
  if (!first) return { repaired: [], next: after, behind: true };
  const next = first.slice.last ?? 0;
  if (first.wrong.size === 0) return { repaired: [], next, behind: false };
  // What was read anew while the changes were followed may be ahead of the slice: look once more.
  const second = await look(parts, memory, after);
  if (!second) return { repaired: [], next: after, behind: true };
  const repaired = [...second.wrong].filter((build) => first.wrong.has(build));
  if (repaired.length > 0) await repair(parts, memory, { repaired, slice: second.slice });
  return { repaired, next: second.slice.last ?? 0, behind: false };
}

interface Look {
  readonly slice: AuditSlice;
  readonly wrong: ReadonlySet<BuildId>;
}

async function look(
  parts: AuditPlannerParts,
  memory: PlannerMemory,
  after: number,
): Promise<Look | null> {
  const slice = await parts.audit.slice(memory.position, after, auditedAtOnce);
  if (!slice) return null;
  await takeChanges(parts, memory, slice.changes);
  const truth = new Map(slice.counts.map((one) => [one.build, one.unfinishedInputs]));
  const wrong = new Set<BuildId>();
  const until = slice.last ?? Infinity;
  for (const { build, unfinishedInputs } of memory.planner.counts()) {
    if (build <= after || build > until) continue;
    if (truth.get(build) !== unfinishedInputs) wrong.add(build);
    truth.delete(build);
  }
  for (const build of truth.keys()) wrong.add(build);
  return { slice, wrong };
}

async function repair(
  { graph }: AuditPlannerParts,
  memory: PlannerMemory,
  { repaired, slice }: { readonly repaired: readonly BuildId[]; readonly slice: AuditSlice },
): Promise<void> {
  const there = new Set(slice.counts.map((one) => one.build));
  const gone = repaired.filter((build) => !there.has(build));
  const dependents = await graph.dependents(gone);
  const wrong = repaired.filter((build) => there.has(build));
  await readAgain(graph, memory, [...new Set([...wrong, ...dependents])]);
  memory.drop(gone);
}
