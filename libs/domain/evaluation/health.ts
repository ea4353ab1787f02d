/**
 * How an evaluation stands in one word, for whoever looks at many: what newly fails weighs more
 * than what is still building, and that more than what fails as before.
 */
import type { EvaluationStatus } from './status.js';

export const healths = [
  'reading',
  'building',
  'succeeded',
  'newly-failing',
  'still-failing',
  'unreadable',
  'canceled',
] as const;
export type Health = (typeof healths)[number];

export interface HealthFacts {
  readonly status: EvaluationStatus;
  readonly canceled: boolean;
  /** Jobs whose builds are not final. */
  readonly unfinished: number;
  /** Jobs that failed and did not before. */
  readonly newFailures: number;
  /** Jobs that failed, by themselves or by an input, or could not be evaluated. */
  readonly failures: number;
}

export function healthOf(facts: HealthFacts): Health {
  if (facts.status === 'started') return 'reading';
  if (facts.status === 'failed') return 'unreadable';
  if (facts.status === 'aborted' || facts.canceled) return 'canceled';
  if (facts.newFailures > 0) return 'newly-failing';
  if (facts.unfinished > 0) return 'building';
  return facts.failures > 0 ? 'still-failing' : 'succeeded';
}
