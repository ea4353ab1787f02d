/** What workers have done lately, and the drain that may follow from it. */
import type { WorkerId } from '#domain/ids.js';
import type { EndedAttempt } from '#domain/worker/judge-worker.js';

export interface WorkerRecord {
  readonly worker: WorkerId;
  readonly name: string;
  /** Since it was last judged, the newest first. */
  readonly attempts: readonly EndedAttempt[];
  /** The newest of them. */
  readonly lastAttempt: number;
}

export interface WorkerRecords {
  /** Of workers that take builds: how many they are, and those whose last attempt we failed. */
  suspects(
    attempts: number,
  ): Promise<{ readonly taking: number; readonly suspects: readonly WorkerRecord[] }>;
  /** False when it drains already. Attempts up to `lastAttempt` are not held against it again. */
  drain(worker: WorkerId, why: string, lastAttempt: number): Promise<boolean>;
}
