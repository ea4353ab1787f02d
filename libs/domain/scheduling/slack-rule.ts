/**
 * The slack rule: a slow worker takes a build only when that cannot lengthen what the farm has left
 * to do, and otherwise leaves it for a faster one. What is left is the longer of the critical path
 * on the fastest worker and all work over all workers, so the rule is off while work is what binds.
 */
export interface Prospect {
  /** The speed of the fastest class. */
  readonly fastest: number;
  /** Milliseconds until the end at the earliest: by the critical path, and by the work. */
  readonly byPath: number;
  readonly byWork: number;
}

export interface Load {
  /** Both in milliseconds at speed 1; `rank` holds the estimate and what must follow. */
  readonly estimate: number;
  readonly rank: number;
}

/**
 * What a build must be feared to last when a slow worker is asked: measured durations double now
 * and then, and a long build of a name never seen is what a slow worker must not get.
 */
export function fearedEstimate(estimate: number, measured: boolean, unknown: number): number {
  return measured ? 2 * estimate : Math.max(estimate, unknown);
}

export function mayGoTo(speed: number, load: Load, prospect: Prospect): boolean {
  if (speed >= prospect.fastest) return true;
  return endOn(speed, load, prospect.fastest) <= Math.max(prospect.byPath, prospect.byWork);
}

/** Whether nothing that waits has a longer path to go, by a twentieth. */
export function isCritical(rank: number, prospect: Prospect): boolean {
  return rank / prospect.fastest >= 0.95 * prospect.byPath;
}

/** The end of its path if it starts now on such a worker and all that follows on the fastest. */
function endOn(speed: number, { estimate, rank }: Load, fastest: number): number {
  return estimate / speed + (rank - estimate) / fastest;
}

/**
 * What is left of a running build, in milliseconds at speed 1: one that outlives its estimate is
 * taken to need a quarter of what it has had.
 */
export function remainingWork(estimate: number, done: number): number {
  return Math.max(estimate - done, done / 4);
}
