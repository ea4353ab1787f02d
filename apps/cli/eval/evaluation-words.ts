/** An evaluation in words: its status, its commits and its verdict. */
import type { EvaluationAnswer } from '#client/generated/shared.js';
import { duration, isSettled, secondsBetween, verdict } from '#views/words.js';

/** What it is called in a list: canceled is no status of its own. */
export function standingOf({ status, canceledAt }: EvaluationAnswer): string {
  return canceledAt === null ? status : 'canceled';
}

/** `main@0123456789ab`, of the channels that the specification names. */
export function commitsOf({ checkouts }: EvaluationAnswer): string {
  return checkouts
    .filter(({ via }) => via === null)
    .map(({ channel, revision }) => `${channel}@${revision.slice(0, 12)}`)
    .join(' ');
}

/** In one line, with how long the rest is expected to take. */
export function verdictOf(evaluation: EvaluationAnswer, now: Date): string {
  const { status, message, reason, canceledAt, cancelReason, jobs, estimate } = evaluation;
  const counts = verdict(jobs);
  if (canceledAt !== null) return `${counts}; ${cancelReason ?? 'canceled'}`;
  if (status === 'failed') return `Not read to its end: ${message ?? reason ?? 'no reason told'}`;
  const left = estimate?.endsAt ? secondsBetween(now.toISOString(), estimate.endsAt) : 0;
  const more = left > 0 ? `; about ${duration(left)} left` : '';
  return `${status === 'started' ? 'Still being read: ' : ''}${counts}${more}`;
}

/** Whether nothing of it is waiting or under way any more. */
export function isOver(evaluation: EvaluationAnswer): boolean {
  if (evaluation.canceledAt !== null || evaluation.status === 'failed') return true;
  return evaluation.status !== 'started' && isSettled(evaluation.jobs);
}

export function totalOf(jobs: EvaluationAnswer['jobs']): number {
  return Object.values(jobs).reduce((sum, count) => sum + count, 0);
}

/** Those that neither wait nor are under way any more. */
export function doneOf(jobs: EvaluationAnswer['jobs']): number {
  const { scheduled = 0, submitted = 0, started = 0 } = jobs;
  return totalOf(jobs) - scheduled - submitted - started;
}

/** Whether it went well, as far as it is over: read to its end, and every job succeeded. */
export function isWell({ status, canceledAt, jobs }: EvaluationAnswer): boolean {
  const { succeeded = 0 } = jobs;
  return status === 'succeeded' && canceledAt === null && succeeded === totalOf(jobs);
}
