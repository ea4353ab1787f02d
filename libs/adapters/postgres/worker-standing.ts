/** How a worker stands, in the words of SQL over a row of `workers`. */

/** SQL: a gateway holds the worker, and has heard of it within three of the longest heartbeats. */
export const workerIsThere = `(
  gateway is not null and last_seen_at > now() - interval '90 seconds')`;

/** SQL: paused now, by the database's clock; a pause that has reached its end is none. */
export const workerIsPaused = '(paused_at is not null and coalesce(pause_until > now(), true))';

/** SQL: the columns of a WorkerState beside the class and the slots. */
export const workerStanding = `${workerIsThere} as connected, ${workerIsPaused} as paused,
  draining or coalesce(holds_back = 'draining', false) as draining,
  coalesce(holds_back = 'disk-guard', false) as "diskGuard"`;
