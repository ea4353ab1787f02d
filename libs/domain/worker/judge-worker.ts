/**
 * Whether a worker fails whatever it is given: its last attempts, all ended by the farm's fault,
 * of several builds. One derivation that no worker survives does not condemn a worker, one crash
 * counts once however many slots it emptied, and a single success, or a failure that is the
 * package's, clears it.
 */
import type { AttemptStatus } from '../build/status.js';

export interface EndedAttempt {
  readonly build: number;
  readonly slot: number;
  readonly status: AttemptStatus;
  readonly reason: string | null;
}

export interface Judgement {
  readonly why: string;
  /** The reasons speak of the way between worker and farm: either end may be at fault. */
  readonly ofTheWay: boolean;
}

export const faultsInARow = 5;
const differentBuilds = 3;
const reasonsOfTheWay = new Set<string | null>(['input-missing', 'upload-failed']);

/** The newest attempt first; null when nothing speaks against the worker. */
export function faultOfWorker(attempts: readonly EndedAttempt[]): Judgement | null {
  const events: EndedAttempt[][] = [];
  for (const attempt of attempts) {
    // A build that was canceled or handed back says nothing about the worker.
    if (attempt.status === 'canceled' || attempt.reason === 'handed-back') continue;
    const last = events.at(-1);
    if (last && isOfOneCrash(last, attempt)) last.push(attempt);
    else if (events.length === faultsInARow) break;
    else events.push([attempt]);
  }
  const last = events.flat();
  if (events.length < faultsInARow || last.some((one) => one.status !== 'failed-other'))
    return null;
  const builds = new Set(last.map((one) => one.build)).size;
  if (builds < differentBuilds) return null;
  const reasons = [...new Set(last.map((one) => one.reason))];
  const why = `Its last ${last.length} attempts, of ${builds} builds, ended by the farm's fault`;
  return {
    why: `${why}: ${reasons.join(', ')}.`,
    ofTheWay: reasons.every((reason) => reasonsOfTheWay.has(reason)),
  };
}

/** A crash takes what each slot had in hand, and each slot once. */
function isOfOneCrash(event: readonly EndedAttempt[], attempt: EndedAttempt): boolean {
  if (attempt.reason !== 'worker-lost' || event[0]?.reason !== 'worker-lost') return false;
  return event.every((one) => one.slot !== attempt.slot);
}

/**
 * Those of the condemned to be drained. When half of the workers that take builds fail on the way
 * to the farm, it is the farm that is at fault, and draining them would only add to it.
 */
export function workersToDrain<T extends { readonly judgement: Judgement }>(
  condemned: readonly T[],
  taking: number,
): T[] {
  const onTheWay = condemned.filter((one) => one.judgement.ofTheWay).length;
  const isOurs = 2 * onTheWay >= taking;
  return condemned.filter((one) => !(isOurs && one.judgement.ofTheWay));
}
