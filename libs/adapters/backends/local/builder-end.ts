/** How a builder's end is told: whose fault it was, and in which words. Pure. */
import type { BuildLimits } from '#domain/build/limits.js';
import type { FailureReason } from '#domain/build/reason.js';
import type { BuilderEnd } from './run-builder.js';

export interface DiskSpace {
  readonly bavail: number;
  readonly bsize: number;
}

/** Below this much a failed build is laid to the full disk, as Nix does. */
const fullBelowBytes = 8 * 1024 * 1024;

/**
 * Null when the builder ended well; what it made is still to be looked at. Not for canceled
 * ones.
 */
export function reasonOfEnd(end: BuilderEnd, disk: DiskSpace): FailureReason | null {
  if (end.stoppedFor !== null && end.stoppedFor !== 'canceled') return end.stoppedFor;
  if (end.code === 0 && end.began) return null;
  if (disk.bavail * disk.bsize < fullBelowBytes) return 'no-space';
  return end.began ? 'builder-failed' : 'infrastructure';
}

export function endSentence(
  end: BuilderEnd,
  run: { readonly limits: BuildLimits; readonly maxLogBytes: number },
): string {
  if (end.stoppedFor === 'timed-out') return `it ran longer than ${run.limits.timeoutSeconds} s`;
  if (end.stoppedFor === 'silent') {
    return `it printed nothing for ${run.limits.maxSilentSeconds} s`;
  }
  if (end.stoppedFor === 'log-limit') return `its log grew past ${run.maxLogBytes} bytes`;
  const how = end.code === null ? `by signal ${end.signal}` : `with exit code ${end.code}`;
  return end.began ? `the builder ended ${how}` : `the sandbox ended ${how} before the builder ran`;
}
