/** What the planner must know of the workers, and the classes that follow from it. */
import type { WorkerClass } from '../worker/worker-class.js';

export interface WorkerState extends WorkerClass {
  readonly slots: number;
  /** A gateway holds its connection and has heard of it lately. */
  readonly connected: boolean;
  readonly paused: boolean;
  readonly draining: boolean;
  /** It says itself that too little of its disk is free. */
  readonly diskGuard?: boolean;
  /** It has lost or failed the build that is asked about. */
  readonly avoided?: boolean;
}

/** Whether new builds may go to it now. */
export function isTaking(worker: WorkerState): boolean {
  const { connected, paused, draining, diskGuard, slots } = worker;
  return connected && !paused && !draining && diskGuard !== true && slots > 0;
}

export interface ClassState {
  readonly name: string;
  readonly workerClass: WorkerClass;
  /** Of all workers of the class that take builds. */
  readonly slots: number;
  /** Tickets out there that may still be claimed. */
  readonly outstanding: number;
}

/**
 * How many tickets of a class may lie ahead of its workers: enough that no slot waits for the
 * planner, few enough that a change of plan finds most builds unreleased.
 */
export function windowOf(slots: number): number {
  return slots === 0 ? 0 : 2 * slots + 8;
}

export function roomOf(state: ClassState): number {
  return Math.max(0, windowOf(state.slots) - state.outstanding);
}
