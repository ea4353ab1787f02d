/**
 * Which builds rise when some are wished for again: those themselves, and the builds that fell with
 * an input, as far as no input of theirs stays failed. A hub may have 60,000 dependents and a chain
 * 10,000 links, so nothing here is quadratic or recursive.
 */
import { isFailed, type BuildStatus } from './status.js';

export interface FallenBuild {
  readonly id: number;
  readonly status: BuildStatus;
  /** Inputs that failed; others may be among them. One that is not in the list stays as it is. */
  readonly inputs: readonly number[];
}

/** In the order given. */
export function buildsThatRise<T extends FallenBuild>(
  builds: readonly T[],
  isWished: (build: T) => boolean,
): T[] {
  const byId = new Map(builds.map((build) => [build.id, build]));
  const neededBy = new Map<number, number[]>();
  const stays = new Set<number>();
  for (const build of builds) {
    for (const input of build.inputs) {
      if (!byId.has(input)) stays.add(build.id);
      const dependents = neededBy.get(input);
      if (dependents) dependents.push(build.id);
      else neededBy.set(input, [build.id]);
    }
    if (isFailed(build.status) && build.status !== 'failed-dependency' && !isWished(build)) {
      stays.add(build.id);
    }
  }
  // A set that grows while it is walked: failure flows up from what stays failed.
  for (const build of stays) {
    for (const dependent of neededBy.get(build) ?? []) stays.add(dependent);
  }
  return builds.filter((build) =>
    build.status === 'failed-dependency' ? !stays.has(build.id) : isWished(build),
  );
}
