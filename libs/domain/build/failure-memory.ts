/**
 * Which failures of a package are remembered, so that a later evaluation finds the build failed and
 * does not build it again. Failures of the farm never are.
 */
import type { BuildLimits } from './limits.js';

export interface PackageFailure {
  readonly reason: string | null;
  /** The derivation names the hash of its output: mostly a download, and networks mend. */
  readonly fixedOutput: boolean;
  /** The limits of the attempt that failed. */
  readonly tried: BuildLimits;
}

/** `wished` are the limits that somebody would allow it now. */
export function isRemembered(failure: PackageFailure, wished: BuildLimits): boolean {
  const { reason, fixedOutput, tried } = failure;
  if (fixedOutput) return false;
  if (reason === 'timed-out') return wished.timeoutSeconds <= tried.timeoutSeconds;
  if (reason === 'silent') return wished.maxSilentSeconds <= tried.maxSilentSeconds;
  return true;
}
