/**
 * What a new evaluation does to builds that are known already and that it needs. Canceled builds
 * and those that the farm failed are wished for again; a build that its package failed stays
 * failed, unless that failure is not remembered; one that fell with an input is wished for again
 * when no input of it stays failed. What is quarantined waits for a person.
 */
import { buildsThatRise } from '../build/rising.js';
import type { BuildStatus } from '../build/status.js';

export interface DemandedBuild {
  readonly id: number;
  readonly status: BuildStatus;
  /** Its inputs among the demanded builds; inputs that succeeded are left out. */
  readonly inputs: readonly number[];
  /** It failed, and may be tried again all the same. */
  readonly forgiven?: boolean;
  readonly quarantined?: boolean;
}

/** The ids of the builds that become scheduled again. */
export function buildsToReschedule(builds: readonly DemandedBuild[]): number[] {
  return buildsThatRise(builds, isWished).map(({ id }) => id);
}

function isWished({ status, forgiven, quarantined }: DemandedBuild): boolean {
  if (status === 'failed') return forgiven === true;
  return status === 'canceled' || (status === 'failed-other' && quarantined !== true);
}
