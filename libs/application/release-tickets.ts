/**
 * Releases ready builds to worker classes, a bounded window ahead of their slots: reads, plans,
 * writes generations, then offers the tickets. Takes no input and may run at any time; a crash
 * after the write leaves releases without tickets, which expire and are made again.
 */
import { plan, type ReadyBuild } from '#domain/scheduling/plan.js';
import {
  isTaking,
  roomOf,
  type ClassState,
  type WorkerState,
} from '#domain/scheduling/worker-state.js';
import { workerClassName } from '#domain/worker/worker-class.js';
import type { ReleaseStore } from './ports/release-store.js';
import type { QueueEpoch, TicketQueue } from './ports/ticket-queue.js';

export interface ReleaseTicketsParts {
  readonly store: ReleaseStore;
  readonly tickets: TicketQueue;
  readonly epoch: QueueEpoch;
}

export interface ReleasePass {
  readonly released: number;
  /** Releases that were void because the queue had lost everything. */
  readonly voided: number;
}

/** A ticket that nobody claims for so long is made again, in a new generation. */
export const releaseSeconds = 30;

export async function releaseTickets(parts: ReleaseTicketsParts): Promise<ReleasePass> {
  const voided = await voidLostTickets(parts);
  const { store } = parts;
  const workers = await store.workers();
  const classes = classesOf(workers, await store.outstanding());
  const ready = await readyOf(store, classes);
  const { assignments } = plan({ ready, classes, workers });
  if (assignments.length > 0) {
    const { tickets, stale } = await store.release(assignments, releaseSeconds);
    await parts.tickets.withdraw(stale);
    await parts.tickets.offer(tickets);
  }
  return { released: assignments.length, voided };
}

/** The mark is set only after all is void: a crash in between does it once more. */
async function voidLostTickets({ store, epoch }: ReleaseTicketsParts): Promise<number> {
  if (await epoch.isMarked()) return 0;
  const voided = await store.voidAll();
  await epoch.mark();
  return voided;
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

/** Each class reads no more than it has room for, so a pass is bounded by the windows. */
async function readyOf(store: ReleaseStore, classes: readonly ClassState[]): Promise<ReadyBuild[]> {
  const found = new Map<number, ReadyBuild>();
  for (const state of classes) {
    const room = roomOf(state);
    if (room === 0) continue;
    for (const ready of await store.ready(state, room)) found.set(ready.build, ready);
  }
  return [...found.values()].sort((a, b) => a.priority - b.priority || a.build - b.build);
}
