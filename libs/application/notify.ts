/**
 * Makes messages of what broke and what was mended: one for each receiver and evaluation, that
 * gathers what else happens until it is sent. A reconciler: every change is looked at until it was
 * taken up, so that one whose transaction commits late is told like any other.
 */
import { gatherLadder } from '#domain/notification/timing.js';
import { receiversOf } from '#domain/notification/receiver.js';
import type { Gathering, NotificationStore, UntoldChanges } from './ports/notification-store.js';

export interface NotifyParts {
  readonly store: Pick<NotificationStore, 'untold' | 'gather'>;
  /** The first message of an evaluation gathers for so long. */
  readonly gatherSeconds: number;
}

const takenAtOnce = 500;

/** Answers how many changes were taken up; `goOn` is asked between batches. */
export async function notify(
  { store, gatherSeconds }: NotifyParts,
  goOn: () => boolean,
): Promise<number> {
  let taken = 0;
  while (goOn()) {
    const untold = await store.untold(takenAtOnce);
    if (untold.changes.length === 0) break;
    const ids = untold.changes.map(({ id }) => id);
    if (await store.gather(ids, gatheringsOf(untold), gatherLadder(gatherSeconds))) {
      taken += ids.length;
    }
    if (untold.changes.length < takenAtOnce) break;
  }
  return taken;
}

export function gatheringsOf({ changes, notifications }: UntoldChanges): Gathering[] {
  const groups = Map.groupBy(changes, (change) => `${change.specification}/${change.evaluation}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { specification, evaluation } = first;
    const receivers = receiversOf(notifications.get(specification) ?? []);
    const ids = group.map(({ id }) => id);
    return receivers.map(({ key, lane }) => ({
      ...{ specification, evaluation, receiver: key, lane },
      changes: ids,
    }));
  });
}
