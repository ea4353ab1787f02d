/**
 * A build that the farm has failed before goes to another worker: one that lost it, or failed it by
 * its own fault, does not get it again while a worker that has not could take it. Looked at only
 * for builds with farm faults, so that an ordinary claim pays nothing.
 */
import { workerIsPaused, workerIsThere } from './worker-store.js';

/** In the life that the build has had since it was last scheduled by a wish. */
export function hasFailed(worker: string): string {
  return `exists (
    select from attempts a
     where a.build_id = b.id and a.worker_id = ${worker} and a.status = 'failed-other'
       and a.reason <> 'handed-back' and a.created_at >= b.scheduled_at)`;
}

/** Of the table `workers`: it takes builds, could take this one, and has not failed it. */
const mayTake = `removed_at is null and ${workerIsThere} and not ${workerIsPaused}
     and not draining and holds_back is null and slots > 0
     and (d.system = 'builtin' or d.system = any (systems)) and d.required_features <@ features
     and not ${hasFailed('workers.id')}`;

const anotherWorker = `
  select class from workers
   where id <> $1 and ${mayTake}
   order by free_slots > 0 desc, class = b.worker_class desc, id limit 1`;

/** Scheduled builds with the classes of which nobody shall have them, since others could. */
export const readAvoided = `
  select b.id as build, c.class as worker_class
    from builds b join derivations d on d.id = b.id
   cross join lateral (
     select distinct w.class from attempts a join workers w on w.id = a.worker_id
      where a.build_id = b.id and a.status = 'failed-other' and a.created_at >= b.scheduled_at) c
   where b.status = 'scheduled' and b.farm_faults > 0
     and exists (select from workers where ${mayTake})
     and not exists (select from workers where class = c.class and ${mayTake})`;

/**
 * Two parts of the claim's statement ($1 worker, $3 build, $4 generation). `avoided` holds the
 * build when the worker shall not have it; `passed` releases it to the class of another worker, or,
 * when that is of the same class, puts it back for a second.
 */
export const avoidTheWorker = `
  avoided as (
    select b.id, other.class, other.class is distinct from b.worker_class as elsewhere
      from builds b join derivations d on d.id = b.id cross join lateral (${anotherWorker}) other
     where b.id = $3 and b.generation = $4 and b.status = 'scheduled' and b.farm_faults > 0
       and exists (select from worker) and ${hasFailed('$1')}),
  passed as (
    update builds b
       set generation = b.generation + 1, worker_class = a.class,
           release_expires_at = case when a.elsewhere then now() + interval '30 seconds' end,
           not_before = case when a.elsewhere then b.not_before else now() + interval '1 second' end
      from avoided a where b.id = a.id and b.status = 'scheduled' and b.generation = $4
    returning b.generation, b.worker_class, a.elsewhere)`;
