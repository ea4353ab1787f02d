/**
 * The numbers by which Cuirass's API tells statuses, weather and evaluations: the one place where
 * our words become them and they become ours.
 */
import { isFinal, type BuildStatus } from '#domain/build/status.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type { Weather } from '#domain/weather/weather.js';

const buildNumbers = {
  submitted: -3,
  scheduled: -2,
  started: -1,
  succeeded: 0,
  failed: 1,
  'failed-dependency': 2,
  'failed-other': 3,
  canceled: 4,
} as const satisfies Record<BuildStatus, number>;

const evaluationNumbers = {
  started: -1,
  succeeded: 0,
  failed: 1,
  aborted: 2,
} as const satisfies Record<EvaluationStatus, number>;

const weatherNumbers = {
  unknown: -1,
  'new-success': 0,
  'new-failure': 1,
  'still-succeeding': 2,
  'still-failing': 3,
} as const satisfies Record<Weather, number>;

const words = Object.keys(buildNumbers) as BuildStatus[];
export const finalStatuses = words.filter((word) => isFinal(word));
export const pendingStatuses = words.filter((word) => !isFinal(word));

export function buildNumber(status: BuildStatus): number {
  return buildNumbers[status];
}

export function evaluationNumber(status: EvaluationStatus): number {
  return evaluationNumbers[status];
}

export function weatherNumber(weather: Weather): number {
  return weatherNumbers[weather];
}

/** Groups that Cuirass's own filters name, and its search's words. */
const groups: Readonly<Record<string, readonly BuildStatus[]>> = {
  done: finalStatuses,
  pending: pendingStatuses,
  success: ['succeeded'],
};

/**
 * What a client means by `status=`: a number, one of our words, or a group. Null: nothing that we
 * know, so that it filters nothing; a number that no build can have finds none.
 */
export function statusesMeant(text: string): readonly BuildStatus[] | null {
  if (/^[+-]?\d{1,6}$/.test(text))
    return words.filter((word) => buildNumbers[word] === Number(text));
  if (Object.hasOwn(buildNumbers, text)) return [text as BuildStatus];
  return Object.hasOwn(groups, text) ? groups[text]! : null;
}

/** The number of the status in a column, for answers that Postgres itself prints. */
export function buildNumberSql(column: string): string {
  const cases = words.map((word) => `when '${word}' then ${buildNumbers[word]}`);
  return `case ${column} ${cases.join(' ')} end`;
}

/** A list for `in (…)`, written out: a partial index is used only for what the planner can read. */
export function statusListSql(statuses: readonly BuildStatus[]): string {
  return `(${statuses.map((word) => `'${word}'`).join(', ')})`;
}
