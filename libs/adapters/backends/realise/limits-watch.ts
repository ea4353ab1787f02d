/** Ends what outlasts its limits of time and silence, or is canceled. Shared by the backends. */
import type { BuildLimits } from '#domain/build/limits.js';
import type { Cancellation } from '#std/cancellation.js';

export type Outlasted = 'timed-out' | 'silent' | 'canceled';

export interface Limited {
  readonly limits: BuildLimits;
  readonly cancellation: Cancellation;
  /** Milliseconds after the limits, where something else is to keep them first. */
  readonly later?: number;
}

export interface LimitsWatch {
  /** Silence begins anew. */
  heard(): void;
  end(): void;
}

/** The longest delay of a timer. */
const longestDelay = 2 ** 31 - 1;

export function watchLimits(run: Limited, stop: (reason: Outlasted) => void): LimitsWatch {
  const { limits, cancellation, later = 0 } = run;
  const delay = (seconds: number): number => Math.min(seconds * 1000 + later, longestDelay);
  const total = setTimeout(() => stop('timed-out'), delay(limits.timeoutSeconds));
  const silence = setTimeout(() => stop('silent'), delay(limits.maxSilentSeconds));
  const onAbort = (): void => stop('canceled');
  cancellation.addEventListener('abort', onAbort);
  if (cancellation.aborted) onAbort();
  return {
    heard: () => silence.refresh(),
    end: () => {
      clearTimeout(total);
      clearTimeout(silence);
      cancellation.removeEventListener('abort', onAbort);
    },
  };
}
