/**
 * Weather: what a job's result is, seen against its result before. A result is definite when the
 * derivation itself was tried: builds that were canceled, that an input kept from starting, or that
 * the farm could not do say nothing of the job, are no reference for others, and have no weather.
 */
import type { BuildStatus } from '../build/status.js';

export const weathers = [
  'new-success',
  'new-failure',
  'still-succeeding',
  'still-failing',
  'unknown',
] as const;
export type Weather = (typeof weathers)[number];

/** The definite result of a build in this status; null when it has none (yet). */
export function resultOf(status: BuildStatus): boolean | null {
  if (status === 'succeeded') return true;
  return status === 'failed' ? false : null;
}

/**
 * `before` is the result of the same job (name and system) in the newest earlier evaluation of the
 * same specification that was read to its end and had one; null when there was none.
 */
export function weatherOf(before: boolean | null, status: BuildStatus): Weather {
  const result = resultOf(status);
  if (before === null || result === null) return 'unknown';
  if (result) return before ? 'still-succeeding' : 'new-success';
  return before ? 'new-failure' : 'still-failing';
}
