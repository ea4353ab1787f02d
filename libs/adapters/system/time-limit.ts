/** A signal for work that ends in time or when nobody waits for it, whichever comes first. */
import type { Cancellation } from '#std/cancellation.js';

export function timeLimit(seconds: number, cancellation: Cancellation): AbortSignal {
  const limit = AbortSignal.timeout(seconds * 1000);
  return cancellation instanceof AbortSignal ? AbortSignal.any([limit, cancellation]) : limit;
}
