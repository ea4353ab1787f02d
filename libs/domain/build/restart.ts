/**
 * What a restart means. One build may be restarted alone or with all that fell with it; of an
 * evaluation, the failures of one kind, with what fell with them.
 */
import { buildsThatRise, type FallenBuild } from './rising.js';
import { mayBuild, type BuildStatus } from './status.js';

/** Of each mode, the statuses that it restarts besides `failed-dependency`. */
export const restartModes = {
  'with-failed-dependents': [],
  failed: ['failed'],
  infrastructure: ['failed-other'],
  canceled: ['canceled'],
  all: ['failed', 'failed-other', 'canceled'],
} as const satisfies Record<string, readonly BuildStatus[]>;

export type RestartMode = keyof typeof restartModes;
/** The modes that an evaluation may be restarted in. */
export type FailureKind = Exclude<RestartMode, 'with-failed-dependents'>;

/** The ids of the builds that are scheduled again, in the order given. */
export function buildsToRestart(builds: readonly FallenBuild[], mode: RestartMode): number[] {
  const statuses: readonly BuildStatus[] = restartModes[mode];
  return buildsThatRise(builds, (build) => statuses.includes(build.status)).map(({ id }) => id);
}

export interface RestartWish {
  readonly status: BuildStatus;
  /** Its inputs that failed. */
  readonly failedInputs: readonly number[];
  readonly withDependents: boolean;
}

export type RestartVerdict =
  | { readonly kind: 'restart' }
  /** It is under way or done; only what fell with it is restarted. */
  | { readonly kind: 'dependents-only' }
  | { readonly kind: 'refused'; readonly why: 'status' | 'failed-inputs' };

/** A build can only start when its inputs can: one that failed must be restarted instead. */
export function judgeRestart({
  status,
  failedInputs,
  withDependents,
}: RestartWish): RestartVerdict {
  if (!mayBuild('restart', status)) {
    return withDependents ? { kind: 'dependents-only' } : { kind: 'refused', why: 'status' };
  }
  if (failedInputs.length > 0) return { kind: 'refused', why: 'failed-inputs' };
  return { kind: 'restart' };
}
