/**
 * Tells failures to the builds that need what failed, batch by batch, until none is left or the
 * caller's patience is at its end; what is left is told by the next call.
 */
import type { Bus } from './ports/bus.js';
import type { FailureStore } from './ports/failure-store.js';

export interface PropagateFailureParts {
  readonly store: FailureStore;
  readonly bus: Bus;
}

export const dependentsAtOnce = 5000;

/** Answers how many builds became failed-dependency. */
export async function propagateFailure(
  { store, bus }: PropagateFailureParts,
  goOn: () => boolean = () => true,
): Promise<number> {
  let failed = 0;
  while (goOn()) {
    const batch = await store.propagate(dependentsAtOnce);
    failed += batch.failed;
    if (batch.failed > 0) {
      // One message for all: pages that are open look again.
      await bus.publish('live/builds', JSON.stringify({ status: 'failed-dependency' }));
    }
    if (batch.done) break;
  }
  return failed;
}
