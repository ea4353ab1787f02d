/**
 * When the queue is empty, as far as one can tell: not before the work of each group of workers is
 * shared out over its slots, and not before its longest path is gone. What none of the workers that
 * take builds now can build is left out, and so is what comes later.
 */
import type { PlannerState } from './planner-state.js';
import { Prospects } from './prospects.js';

export interface SystemDrain {
  readonly system: string;
  /** The same for systems that share workers; null when nothing of it can be built now. */
  readonly endsAt: number | null;
}

/** Sums of durations leave crumbs behind. */
const leastWorkMs = 1;

/** Of each system that has builds which are not final. It costs what the ready queues have. */
export function drainsOf(state: PlannerState, now: number): SystemDrain[] {
  state.ranks.settle();
  const { classes, lanes } = state;
  const taking = classes.taking();
  const canBeBuilt = (demand: number): boolean => taking.some((row) => classes.fits(row, demand));
  const prospects = new Prospects(state, taking, canBeBuilt);
  const ends = new Map<string, number | null>();
  for (const [demand, { system }] of classes.demands.entries()) {
    if ((lanes.liveWork[demand] ?? 0) < leastWorkMs) continue;
    const group = prospects.of(demand);
    const endsAt = group ? Math.round(now + Math.max(group.byPath, group.byWork)) : null;
    ends.set(system, endsAt ?? ends.get(system) ?? null);
  }
  return [...ends].map(([system, endsAt]) => ({ system, endsAt }));
}
