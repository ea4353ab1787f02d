/**
 * The plan: which ready builds are released to which worker class, and why the others wait. Pure
 * and synchronous; the executor writes the assignments and may be repeated.
 */
import type { BuildId } from '../ids.js';
import { canBuild, type BuildDemand } from '../worker/worker-class.js';
import { roomOf, type ClassState, type WorkerState } from './worker-state.js';
import { waitForWorkers, type WaitReason } from './wait-reason.js';

export interface ReadyBuild extends BuildDemand {
  readonly build: BuildId;
  /** 0 is the most urgent, 9 the least. */
  readonly priority: number;
}

export interface PlanState {
  /** Every input has succeeded, no ticket is out, no backing off; the most urgent first. */
  readonly ready: readonly ReadyBuild[];
  readonly classes: readonly ClassState[];
  /** All workers that are enrolled, for the reasons. */
  readonly workers: readonly WorkerState[];
}

export interface Assignment {
  readonly build: BuildId;
  readonly workerClass: string;
  /** 1 is the most urgent; equals go in the order of this plan. */
  readonly rank: number;
}

export interface Plan {
  readonly assignments: readonly Assignment[];
  readonly waits: readonly { readonly build: BuildId; readonly reason: WaitReason }[];
}

interface Filling {
  readonly state: ClassState;
  room: number;
  load: number;
}

export function plan(state: PlanState): Plan {
  const fillings = state.classes.map((one): Filling => ({
    state: one,
    room: roomOf(one),
    load: one.outstanding,
  }));
  const assignments: Assignment[] = [];
  const waits: { build: BuildId; reason: WaitReason }[] = [];
  for (const ready of state.ready) {
    const chosen = leastLoaded(fillings, ready);
    if (!chosen) {
      waits.push({ build: ready.build, reason: waitForWorkers(ready, state.workers) });
      continue;
    }
    chosen.room -= 1;
    chosen.load += 1;
    const rank = rankOf(ready.priority);
    assignments.push({ build: ready.build, workerClass: chosen.state.name, rank });
  }
  return { assignments, waits };
}

/** BullMQ lets a ticket without priority (0) overtake all others, so ranks begin at 1. */
export function rankOf(priority: number): number {
  return priority + 1;
}

/** The fitting class whose window is emptiest for its slots and speed. */
function leastLoaded(fillings: readonly Filling[], build: ReadyBuild): Filling | null {
  let best: Filling | null = null;
  for (const filling of fillings) {
    if (filling.room <= 0 || !canBuild(filling.state.workerClass, build)) continue;
    if (!best || relativeLoad(filling) < relativeLoad(best)) best = filling;
  }
  return best;
}

function relativeLoad({ state, load }: Filling): number {
  return load / (state.slots * state.workerClass.speed);
}
