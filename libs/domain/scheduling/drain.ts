/**
 * When the queue is empty, as far as one can tell: not before the work of each group of workers is
 * shared out over its slots, and not before its longest path is gone. What none of the workers that
 * take builds now can build is left out, and so is what comes later.
 */
import { lane } from './node-table.js';
import type { PlannerState } from './planner-state.js';
import { Prospects, type GroupProspect } from './prospects.js';

export interface SystemDrain {
  readonly system: string;
  /** The same for systems that share workers; null when nothing of it can be built now. */
  readonly endsAt: number | null;
}

/** Sums of durations leave crumbs behind. */
const leastWorkMs = 1;

/** Of each system that has builds which are not final. It goes through all of them once. */
export function drainsOf(state: PlannerState, now: number): SystemDrain[] {
  state.ranks.settle();
  const { classes, lanes } = state;
  const taking = classes.taking();
  const canBeBuilt = (demand: number): boolean => taking.some((row) => classes.fits(row, demand));
  const prospects = new Prospects(state, taking, canBeBuilt);
  const share = expectedShare(state, prospects);
  const ends = new Map<string, number | null>();
  for (const [demand, { system }] of classes.demands.entries()) {
    if ((lanes.liveWork[demand] ?? 0) < leastWorkMs) continue;
    const group = prospects.of(demand);
    const endsAt = group
      ? Math.round(now + share(group) * Math.max(group.byPath, group.byWork))
      : null;
    ends.set(system, endsAt ?? ends.get(system) ?? null);
  }
  return [...ends].map(([system, endsAt]) => ({ system, endsAt }));
}

/** How much of the work that plans are made with is expected: names never seen are feared there. */
function expectedShare(
  state: PlannerState,
  prospects: Prospects,
): (group: GroupProspect) => number {
  const { nodes } = state;
  const expected = state.expectations();
  const sums = new Map<GroupProspect, { expected: number; planned: number }>();
  for (let row = 0; row < nodes.length; row += 1) {
    const group = nodes.lane[row] === lane.none ? undefined : prospects.of(nodes.demand[row]!);
    if (!group) continue;
    let sum = sums.get(group);
    if (!sum) sums.set(group, (sum = { expected: 0, planned: 0 }));
    sum.expected += expected(row);
    sum.planned += nodes.estimate[row]!;
  }
  return (group) => {
    const { expected: ours, planned } = sums.get(group) ?? { expected: 1, planned: 1 };
    return planned > 0 ? ours / planned : 1;
  };
}
