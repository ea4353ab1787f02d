/**
 * Makes the timers equal to the live, active specifications. A reconciler: run it when the bus says
 * `specifications`, and on a tick, which also finds out that the queue lost its content.
 */
import type { SpecificationId } from '#domain/ids.js';
import { periodOf } from '#domain/specification/polling.js';
import type { PollStore } from './ports/poll-store.js';
import type { PollTimers } from './ports/poll-timers.js';
import type { QueueEpoch } from './ports/ticket-queue.js';

export interface ScheduleParts {
  readonly store: PollStore;
  readonly timers: PollTimers;
  readonly epoch: QueueEpoch;
  /** The period of specifications that say none. */
  readonly pollSeconds: number;
}

/** Remembers which timers this process has made; others may have made the same ones. */
export class PollSchedule {
  private readonly standing = new Map<SpecificationId, number>();

  constructor(private readonly parts: ScheduleParts) {}

  /** Answers how many timers were made or removed. */
  async reconcile(): Promise<number> {
    const { epoch, store, timers, pollSeconds } = this.parts;
    const marked = await epoch.isMarked();
    if (!marked) this.standing.clear();
    const active = await store.active();
    const wanted = new Map(active.map((spec) => [spec.id, periodOf(spec.period, pollSeconds)]));
    let changes = 0;
    for (const [specification, period] of wanted) {
      if (this.standing.get(specification) === period) continue;
      await timers.schedule(specification, period);
      this.standing.set(specification, period);
      changes += 1;
    }
    const left = [...(await timers.scheduled()), ...this.standing.keys()];
    for (const specification of new Set(left)) {
      if (wanted.has(specification)) continue;
      await timers.remove(specification);
      this.standing.delete(specification);
      changes += 1;
    }
    if (!marked) await epoch.mark();
    return changes;
  }
}
