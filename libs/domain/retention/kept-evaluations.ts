/**
 * Which evaluations of a specification are kept. What their jobs lead to is kept with them:
 * derivations, outputs, sources and logs.
 */
import type { EvaluationStatus } from '../evaluation/status.js';

/** Of a specification that does not say how many of its evaluations are kept. */
export const keptUnlessTold = 3;

export interface EvaluationAge {
  readonly id: number;
  readonly status: EvaluationStatus;
  readonly canceled: boolean;
  /** Seconds since it ended; null while it is read. */
  readonly endedAgo: number | null;
  /** A release that has not expired names it. */
  readonly released: boolean;
}

export interface RetentionPolicy {
  /** How many evaluations that were read to their end are kept, whatever their age. */
  readonly keep: number;
  /** Of the store: what clients were promised. */
  readonly ttlSeconds: number;
  /** Nothing of it is kept for its own sake. */
  readonly archived: boolean;
}

/**
 * The ids of the evaluations that may go, of one specification's evaluations in any order. The
 * newest one stays even if it failed, since people look for it.
 */
export function evaluationsToPrune(
  evaluations: readonly EvaluationAge[],
  { keep, ttlSeconds, archived }: RetentionPolicy,
): number[] {
  const newestFirst = [...evaluations].sort((a, b) => b.id - a.id);
  const successful = newestFirst.filter((one) => one.status === 'succeeded' && !one.canceled);
  const kept = new Set(archived ? [] : successful.slice(0, keep).map((one) => one.id));
  const [newest] = newestFirst;
  if (newest && !archived) kept.add(newest.id);
  return newestFirst
    .filter((one) => {
      const isOld = one.endedAgo !== null && one.endedAgo >= ttlSeconds;
      return isOld && !one.released && !kept.has(one.id);
    })
    .map((one) => one.id);
}
