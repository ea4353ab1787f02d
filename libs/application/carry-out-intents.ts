/**
 * Carries out restarts and cancels, the oldest first, in ordered batches. An intent is finished
 * when a look at the truth finds nothing left to do; a process that ends before leaves it to the
 * next one.
 */
import { buildsToRestart } from '#domain/build/restart.js';
import type { Bus } from './ports/bus.js';
import type {
  Canceled,
  CancelIntent,
  Intent,
  IntentStore,
  RestartIntent,
} from './ports/intent-store.js';

export interface CarryOutParts {
  readonly store: IntentStore;
  readonly bus: Bus;
  /** How many builds one transaction schedules again. */
  readonly atOnce?: number;
}

export const rescheduledAtOnce = 5000;

/** Answers how many intents were finished. */
export async function carryOutIntents(
  parts: CarryOutParts,
  goOn: () => boolean = () => true,
): Promise<number> {
  let finished = 0;
  for (;;) {
    const intent = goOn() ? await parts.store.next() : null;
    if (!intent || !(await carryOut(parts, intent, goOn))) return finished;
    const untold = await parts.store.finish(intent);
    if (untold > 0) await parts.bus.publish('failures', '');
    finished += 1;
  }
}

/** False when it was left undone. */
function carryOut(parts: CarryOutParts, intent: Intent, goOn: () => boolean): Promise<boolean> {
  return intent.kind === 'restart' ? restart(parts, intent, goOn) : cancel(parts, intent, goOn);
}

/** Inputs have smaller ids than what needs them, so every batch leaves a graph that makes sense. */
async function restart(
  { store, bus, atOnce = rescheduledAtOnce }: CarryOutParts,
  intent: RestartIntent,
  goOn: () => boolean,
): Promise<boolean> {
  for (;;) {
    const fallen = await store.fallen(intent);
    const chosen = buildsToRestart(fallen, intent.mode).sort((a, b) => a - b);
    if (chosen.length === 0) return true;
    for (let at = 0; at < chosen.length; at += atOnce) {
      if (!goOn()) return false;
      await store.reschedule(intent, chosen.slice(at, at + atOnce));
      await bus.publish('planner', '');
      // One message for all: pages that are open look again.
      await bus.publish('live/builds', JSON.stringify({ status: 'scheduled' }));
    }
  }
}

async function cancel(
  { store, bus }: CarryOutParts,
  intent: CancelIntent,
  goOn: () => boolean,
): Promise<boolean> {
  let isStopped = false;
  const tell = async ({ workers }: Canceled): Promise<boolean> => {
    for (const worker of new Set(workers)) await bus.publish(`worker/${worker}`, 'cancel');
    await bus.publish('planner', '');
    await bus.publish('live/builds', JSON.stringify({ status: 'canceled' }));
    isStopped = !goOn();
    return !isStopped;
  };
  while (goOn()) {
    const canceled = await store.cancel(intent, tell);
    // One that was told to stop may have moved nothing yet.
    if (isStopped) return false;
    if (canceled.builds === 0) return true;
    await tell(canceled);
  }
  return false;
}
