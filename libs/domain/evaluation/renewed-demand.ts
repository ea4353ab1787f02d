/**
 * What a new evaluation does to builds that are known already and that it needs. Canceled builds
 * and those that the farm failed are wished for again; a build that its package failed stays
 * failed; one that fell with an input is wished for again when no input of it stays failed.
 */
import type { BuildStatus } from '../build/status.js';

export interface DemandedBuild {
  readonly id: number;
  readonly status: BuildStatus;
  /** Its inputs among the demanded builds; inputs that succeeded are left out. */
  readonly inputs: readonly number[];
}

/** The ids of the builds that become scheduled again. */
export function buildsToReschedule(builds: readonly DemandedBuild[]): number[] {
  const byId = new Map(builds.map((build) => [build.id, build]));
  const neededBy = new Map<number, number[]>();
  for (const build of builds) {
    for (const input of build.inputs) {
      neededBy.set(input, [...(neededBy.get(input) ?? []), build.id]);
    }
  }
  // Failure flows up from the builds that their packages failed; what it reaches stays as it is.
  const stays = new Set(builds.filter((b) => b.status === 'failed').map((b) => b.id));
  const reached = [...stays];
  for (let at = 0; at < reached.length; at += 1) {
    for (const dependent of neededBy.get(reached[at] ?? 0) ?? []) {
      if (stays.has(dependent)) continue;
      stays.add(dependent);
      reached.push(dependent);
    }
  }
  return builds
    .filter((b) => isRenewable(byId.get(b.id)?.status, stays.has(b.id)))
    .map((b) => b.id);
}

function isRenewable(status: BuildStatus | undefined, inputFailed: boolean): boolean {
  if (status === 'canceled' || status === 'failed-other') return true;
  return status === 'failed-dependency' && !inputFailed;
}
