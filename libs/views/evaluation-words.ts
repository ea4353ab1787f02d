/** The verdict of an evaluation against another one, in one line. Pure: `now` is an argument. */
import type { DifferenceKind } from '#domain/evaluation-difference/difference.js';
import type { DifferenceAnswer } from '#protocol/api/difference.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import type { Estimate } from '#protocol/api/page.js';
import { count, duration, isSettled, percent, secondsBetween } from './words.js';

/** Whether it is still read, or jobs of it wait or are built. */
export function goesOn({ status, jobs }: Pick<EvaluationAnswer, 'status' | 'jobs'>): boolean {
  return status === 'started' || !isSettled(jobs);
}

/** What each kind of job is called in a list of such jobs. */
export const kindWords: Readonly<Record<DifferenceKind, string>> = {
  'newly-failing': 'newly failing',
  'newly-succeeding': 'newly succeeding',
  new: 'new',
  removed: 'removed',
  'still-failing': 'still failing',
  failing: 'failing, not known before',
  waiting: 'waiting',
  undone: 'canceled or lost',
  succeeding: 'succeeding',
};

/** `3 newly failing, 12 newly succeeding, 41 waiting, about 25 min left; availability 99.1 %`. */
export function differenceVerdict(
  difference: Omit<DifferenceAnswer, 'items' | 'next' | 'found'>,
  estimate: Estimate | null,
  now: Date,
): string {
  const { counts, against, jobs } = difference;
  if (jobs === 0) return 'No jobs';
  const told = against === null ? (['failing', 'undone'] as const) : changes;
  const parts = told.flatMap((kind) => part(counts[kind], wordsOf(kind, against !== null)));
  if (parts.length === 0) parts.push(against === null ? 'None failing' : 'Nothing changed');
  if (counts.waiting > 0) parts.push(`${count(counts.waiting)} waiting`, ...left(estimate, now));
  return `${parts.join(', ')}; availability ${availability(difference)}`;
}

const changes: readonly DifferenceKind[] = [
  'newly-failing',
  'newly-succeeding',
  'new',
  'removed',
  'failing',
  'still-failing',
  'undone',
];

/** What became of the evaluation itself, before what `told` says of its jobs; empty without any. */
export function withReading(evaluation: Standing, told: string): string {
  const reading = readingOf(evaluation);
  if (reading === null) return told === '' ? 'No jobs' : told;
  return told === '' ? reading : `${reading}. ${told}`;
}

type Standing = Pick<EvaluationAnswer, 'status' | 'cancelReason' | 'jobs'>;

const readings: Readonly<Record<EvaluationAnswer['status'], string | null>> = {
  started: 'Being evaluated',
  succeeded: null,
  failed: 'Could not be evaluated',
  aborted: 'Canceled',
};

/** Who was canceled when all was built has nothing of it. */
function readingOf({ status, cancelReason, jobs }: Standing): string | null {
  const isCut = status === 'aborted' || !isSettled(jobs) || (jobs.canceled ?? 0) > 0;
  if (cancelReason === null || !isCut) return readings[status];
  return cancelWords[cancelReason]?.verdict ?? readings.aborted;
}

/** Why nothing more is built for the sake of an evaluation, by what the farm calls it. */
export const cancelWords: Readonly<Record<string, { verdict: string; sentence: string }>> = {
  canceled: { verdict: 'Canceled', sentence: 'It was canceled' },
  superseded: { verdict: 'Superseded', sentence: 'A newer evaluation took its place' },
  archived: { verdict: 'Canceled', sentence: 'Its specification was removed' },
};

function wordsOf(kind: DifferenceKind, compared: boolean): string {
  return kind === 'failing' && !compared ? 'failing' : kindWords[kind];
}

function part(number: number, word: string): string[] {
  return number === 0 ? [] : [`${count(number)} ${word}`];
}

/** `3 newly failing; `, before a verdict; nothing where it is not known yet, or nothing changed. */
export function changedWords(changed: Changed | undefined): string {
  const parts = [
    ...part(changed?.newlyFailing ?? 0, kindWords['newly-failing']),
    ...part(changed?.newlySucceeding ?? 0, kindWords['newly-succeeding']),
  ];
  return parts.length === 0 ? '' : `${parts.join(', ')}; `;
}

type Changed = Readonly<Record<'newlyFailing' | 'newlySucceeding', number | null>>;

function left(estimate: Estimate | null, now: Date): string[] {
  if (!estimate?.endsAt) return [];
  const seconds = secondsBetween(now.toISOString(), estimate.endsAt);
  return seconds <= 0 ? [] : [`about ${duration(seconds < 60 ? 60 : seconds)} left`];
}

/** Jobs that succeeded, of all; never rounded up, so that 100 % means all of them. */
export function availability({
  succeeded,
  jobs,
}: Pick<DifferenceAnswer, 'succeeded' | 'jobs'>): string {
  return jobs === 0 ? '–' : percent(succeeded, jobs);
}
