/** When a specification's channels are looked at, and when what is found makes a new evaluation. */
import type { EvaluationTrigger } from '../evaluation/status.js';

/**
 * A timer's call counts only when the poll is due; every other trigger counts at once. Timers keep
 * their own beat while the next poll is counted from the end of the last, so half a period of
 * earliness is forgiven: without it every second call of a timer would be dropped.
 */
export function due(
  trigger: EvaluationTrigger,
  poll: { readonly nextPollAt: Date; readonly now: Date; readonly periodSeconds: number },
): boolean {
  const early = (poll.nextPollAt.getTime() - poll.now.getTime()) / 1000;
  return trigger !== 'poll' || early <= poll.periodSeconds / 2;
}

/** Seconds between two polls: its own, or the farm's where it says none (0). */
export function periodOf(own: number, farms: number): number {
  return own === 0 ? farms : own;
}

/** What the last evaluation of a specification read. */
export interface EvaluatedState {
  readonly version: number;
  readonly digest: string;
  /** How often this version at these revisions was evaluated before. */
  readonly lastTry: number;
}

/**
 * A new evaluation is due when the specification or a revision is not what the *last* evaluation
 * read: a branch that goes back to an older commit differs from it again.
 */
export function changed(
  last: EvaluatedState | null,
  now: { readonly version: number; readonly digest: string },
): boolean {
  return last === null || last.version !== now.version || last.digest !== now.digest;
}
