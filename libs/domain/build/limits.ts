/** How long a build may take, in seconds. Resolved job, then specification, then default. */
export interface BuildLimits {
  readonly timeoutSeconds: number;
  readonly maxSilentSeconds: number;
}

export interface WishedLimits {
  readonly timeoutSeconds?: number | undefined;
  readonly maxSilentSeconds?: number | undefined;
}

export const defaultLimits: BuildLimits = { timeoutSeconds: 6 * 3600, maxSilentSeconds: 3600 };

/** What a specification may ask for at most; a job may wish for any number, and gets this. */
const longestSeconds = 30 * 24 * 3600;

/**
 * The first wish that names a limit wins: the job's, then the specification's, then the default.
 */
export function resolveLimits(job: WishedLimits, specification: WishedLimits): BuildLimits {
  const wished: BuildLimits = {
    timeoutSeconds:
      job.timeoutSeconds ?? specification.timeoutSeconds ?? defaultLimits.timeoutSeconds,
    maxSilentSeconds:
      job.maxSilentSeconds ?? specification.maxSilentSeconds ?? defaultLimits.maxSilentSeconds,
  };
  return capLimits(wished, { timeoutSeconds: longestSeconds, maxSilentSeconds: longestSeconds });
}

/** A worker may shorten limits, never lengthen them. */
export function capLimits(limits: BuildLimits, cap: WishedLimits): BuildLimits {
  return {
    timeoutSeconds: Math.min(limits.timeoutSeconds, cap.timeoutSeconds ?? Infinity),
    maxSilentSeconds: Math.min(limits.maxSilentSeconds, cap.maxSilentSeconds ?? Infinity),
  };
}
