/**
 * Releases ready builds to worker classes: follows what has changed, plans, writes generations, and
 * then offers the tickets. Takes no input and may run at any time; a crash after the write leaves
 * releases without tickets, which expire and are made again.
 */
import type { Assignment, PlannerPlan } from '#domain/scheduling/planner.js';
import { isTaking, type ClassState, type WorkerState } from '#domain/scheduling/worker-state.js';
import { workerClassName } from '#domain/worker/worker-class.js';
import { followBuilds, readAgain, type FollowParts } from './follow-builds.js';
import type { PlannerMemory } from './planner-memory.js';
import type { Released, ReleaseStore } from './ports/release-store.js';
import type { QueueEpoch, TicketQueue } from './ports/ticket-queue.js';

export interface ReleaseTicketsParts extends FollowParts {
  readonly store: ReleaseStore;
  readonly tickets: TicketQueue;
  readonly epoch: QueueEpoch;
}

export interface ReleasePass {
  readonly released: number;
  readonly withdrawn: number;
  /** Releases that were void because the queue had lost everything. */
  readonly voided: number;
  /** The memory could not follow: it must be rebuilt, and nothing was released. */
  readonly behind: boolean;
}

/** A ticket that nobody claims for so long is made again, in a new generation. */
export const releaseSeconds = 30;

export async function releaseTickets(
  parts: ReleaseTicketsParts,
  memory: PlannerMemory,
): Promise<ReleasePass> {
  const voided = await voidLostTickets(parts);
  const { store } = parts;
  const [followed, workers, outstanding, specifications, avoided] = await allEnded([
    followBuilds(parts, memory),
    store.workers(),
    store.outstanding(),
    store.shares(),
    store.avoided(),
  ]);
  if (!followed) return { released: 0, withdrawn: 0, voided, behind: true };
  const classes = classesOf(workers, outstanding);
  const { now } = memory;
  const plan = memory.planner.plan({ now, classes, workers, specifications, avoided });
  const withdrawn = await withdraw(parts, plan);
  const released = await release(parts, memory, plan.assignments);
  return { released, withdrawn, voided, behind: false };
}

/** As `Promise.all`, but what is left of a pass that fails never meets the next pass. */
async function allEnded<T extends readonly unknown[]>(
  promises: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  await Promise.allSettled(promises);
  return Promise.all(promises) as Promise<unknown> as Promise<T>;
}

/** The mark is set only after all is void: a crash in between does it once more. */
async function voidLostTickets({ store, epoch }: ReleaseTicketsParts): Promise<number> {
  if (await epoch.isMarked()) return 0;
  const voided = await store.voidAll();
  await epoch.mark();
  return voided;
}

async function withdraw(
  { store, tickets }: ReleaseTicketsParts,
  { withdrawals }: PlannerPlan,
): Promise<number> {
  if (withdrawals.length === 0) return 0;
  const withdrawn = await store.withdraw(withdrawals);
  await tickets.withdraw(withdrawn);
  return withdrawn.length;
}

async function release(
  parts: ReleaseTicketsParts,
  memory: PlannerMemory,
  assignments: readonly Assignment[],
): Promise<number> {
  if (assignments.length === 0) return 0;
  const released = await parts.store
    .release(assignments, releaseSeconds)
    .catch((error: unknown) => {
      takeBack(memory, assignments);
      throw error;
    });
  confirm(memory, released);
  await parts.tickets.withdraw(released.stale);
  await parts.tickets.offer(released.tickets);
  // What was refused has moved since it was read, or the memory is wrong: it is read again.
  const confirmed = new Set(released.tickets.map((ticket) => ticket.build));
  const refused = assignments.filter(({ build }) => !confirmed.has(build));
  await readAgain(
    parts.graph,
    memory,
    refused.map(({ build }) => build),
  );
  return released.tickets.length;
}

/** The change feed will say the same in the next pass; a plan before it must know. */
function confirm({ planner }: PlannerMemory, { tickets, expiresAt }: Released): void {
  planner.change(
    tickets.map(({ build, generation, workerClass }) => ({
      ...{ build, generation, status: 'scheduled' },
      ...{ releasedTo: workerClass, releaseExpiresAt: expiresAt },
    })),
  );
}

/** The planner takes its assignments for done; should they have been written, the feed says so. */
function takeBack({ planner }: PlannerMemory, assignments: readonly Assignment[]): void {
  planner.change(
    assignments.map(({ build }) => ({
      ...{ build, status: 'scheduled', releasedTo: null, releaseExpiresAt: null },
    })),
  );
}

/** Classes that have a worker which takes builds now. */
export function classesOf(
  workers: readonly WorkerState[],
  outstanding: ReadonlyMap<string, number>,
): ClassState[] {
  const groups = Map.groupBy(workers.filter(isTaking), workerClassName);
  return [...groups].map(([name, members]) => ({
    name,
    workerClass: members[0]!,
    slots: members.reduce((sum, worker) => sum + worker.slots, 0),
    outstanding: outstanding.get(name) ?? 0,
  }));
}
