/** What the first page tells of many evaluations at once. */
import type { Health } from '#domain/evaluation/health.js';

/** One of the last evaluations of a specification. */
export interface RecentEvaluation {
  readonly id: string;
  readonly health: Health;
  readonly startedAt: string;
  readonly jobs: number;
  readonly newFailures: number;
  readonly failures: number;
  readonly unfinished: number;
}

/** How many jobs of one system have succeeded. */
export interface Availability {
  readonly system: string;
  readonly jobs: number;
  readonly succeeded: number;
}
