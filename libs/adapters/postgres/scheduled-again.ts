/** How a build begins another life, in SQL. */

/** Statuses that a restart leaves, as the table in libs/domain/build/status.ts says. */
import { statusesFor } from '#domain/build/status.js';

export const restartable = sqlList(statusesFor('restart'));
/** Statuses that a cancel ends. */
export const cancelable = sqlList(statusesFor('cancel'));

/**
 * Schedules the builds $1 that may be restarted, and the canceled inputs that they cannot do
 * without. The generation goes on, so that a ticket of the life before cannot be claimed.
 */
export const scheduleAgain = anotherLife(restartable);

/** The same for builds $1 that have succeeded and whose outputs are lost. */
export const scheduleLost = anotherLife(`${restartable}, ${sqlList(statusesFor('lost output'))}`);

function anotherLife(statuses: string): string {
  return `
  with recursive wanted (id) as (
    select o.id from unnest($1::bigint[]) o (id)
    union
    select p.id from wanted w join derivation_inputs i on i.derivation_id = w.id
      join builds p on p.id = i.input_id and p.status = 'canceled'),
  chosen as (
    select b.id from builds b join wanted w on w.id = b.id
     where b.status in (${statuses}) order by b.id for no key update of b)
  update builds b
     set status = 'scheduled', reason = null, generation = b.generation + 1,
         worker_class = null, release_expires_at = null, not_before = null, farm_faults = 0,
         failed_input_id = null, failure_propagated = false, scheduled_at = now(),
         started_at = null, ended_at = null
    from chosen where b.id = chosen.id`;
}

/** Builds whose leases are about to end by a cancel are wished for after all. */
export const keepRunning = `
  update leases set cancel_reason = null
   where cancel_reason is not null and build_id = any ($1)`;

function sqlList(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}
