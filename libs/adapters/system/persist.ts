/** Trying again when the farm's own parts are down for a while: a build must not fail for that. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';

const firstPause = 250;
const longestPause = 15_000;

export interface Patience {
  readonly cancellation: Cancellation;
  /** After this long the last failure is thrown; absent: never. */
  readonly milliseconds?: number;
}

/** Repeats while the substituter cannot be reached; throws FarmFault `canceled` when canceled. */
export async function persist<T>(patience: Patience, act: () => Promise<T>): Promise<T> {
  const { cancellation } = patience;
  const end = Date.now() + (patience.milliseconds ?? Infinity);
  for (let wait = firstPause; ; wait = Math.min(wait * 2, longestPause)) {
    if (cancellation.aborted) throw new FarmFault('canceled', 'the attempt was stopped', 'never');
    try {
      return await act();
    } catch (thrown) {
      const passing = thrown instanceof FarmFault && thrown.code === 'substituter-unavailable';
      if (!passing || Date.now() > end) throw thrown;
    }
    await pauseUnlessCanceled(wait * (0.5 + Math.random() / 2), cancellation);
  }
}

async function pauseUnlessCanceled(wait: number, cancellation: Cancellation): Promise<void> {
  const waking = new AbortController();
  const wake = (): void => waking.abort();
  cancellation.addEventListener('abort', wake);
  try {
    await pause(wait, undefined, { signal: waking.signal });
  } catch {
    // Canceled: the caller looks.
  } finally {
    cancellation.removeEventListener('abort', wake);
  }
}
