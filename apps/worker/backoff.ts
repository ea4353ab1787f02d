/**
 * How long a worker agent waits before it connects again. Pure. A farm that comes back is met by
 * all its workers at once, so every pause is spread over its whole range; and a worker must be back
 * well before its leases run out, so no pause is longer than a third of one.
 */
export interface PauseFacts {
  /** Connections lost or refused in passing since the farm last welcomed us, this one included. */
  readonly failures: number;
  /** Refusals, one after the other, that only a person can mend. */
  readonly refusals: number;
  /** As the farm said last; null when it never did. */
  readonly leaseSeconds: number | null;
  /** Evenly distributed in [0, 1). */
  readonly chance: number;
}

const firstMilliseconds = 1_000;
const longestMilliseconds = 10_000;
const refusedMilliseconds = 30_000;
const longestRefusedMilliseconds = 300_000;

/** In milliseconds. */
export function reconnectPause({ failures, refusals, leaseSeconds, chance }: PauseFacts): number {
  if (refusals > 0) {
    const doubled = refusedMilliseconds * 2 ** Math.min(refusals - 1, 10);
    return Math.min(doubled, longestRefusedMilliseconds) * (0.5 + chance / 2);
  }
  const thirdOfLease = leaseSeconds === null ? Infinity : (leaseSeconds * 1000) / 3;
  const doubled = firstMilliseconds * 2 ** Math.min(Math.max(failures - 1, 0), 10);
  return Math.min(doubled, longestMilliseconds, thirdOfLease) * chance;
}
