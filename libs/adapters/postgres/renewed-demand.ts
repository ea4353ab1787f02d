/**
 * A new evaluation needs builds that are known already: they take the larger limits and the more
 * urgent priority, and those that were canceled or that the farm failed are wished for again. Walks
 * only what has not succeeded.
 *
 * A job's limits are those of the build that it names, and may be shorter than its specification's:
 * being an input of another build does not lengthen them. Nor does a specification's version raise
 * what it has written itself: a job may name that build later.
 */
import { isRemembered } from '#domain/build/failure-memory.js';
import type { BuildLimits } from '#domain/build/limits.js';
import { isFailed, type BuildStatus } from '#domain/build/status.js';
import { buildsToReschedule } from '#domain/evaluation/renewed-demand.js';
import type { Client } from './database.js';
import { DemandWalk, failureColumn, type KnownFailure } from './demand-walk.js';
import { keepRunning, scheduleAgain } from './scheduled-again.js';

export interface Demand {
  readonly limits: BuildLimits;
  readonly priority: number;
  /** Builds whose inputs the batch does not list: walked. */
  readonly roots: readonly number[];
  /** Builds whose inputs are in the batch too: looked at one by one. */
  readonly repeated: readonly number[];
  readonly named: ReadonlyMap<number, BuildLimits>;
  readonly evaluation: number;
  /** Builds that earlier batches of this evaluation have seen to. */
  readonly settled: Pick<ReadonlySet<number>, 'has'>;
}

export interface Renewed {
  readonly rescheduled: number;
  /** The builds that were walked now. */
  readonly walked: readonly number[];
  /** Those of `repeated` that have failed, whatever became of them now. */
  readonly failed: readonly number[];
}

export async function renewDemand(client: Client, demand: Demand): Promise<Renewed> {
  const unsatisfied = await findUnsatisfied(client, demand);
  const wanting = unsatisfied
    .filter((build) => build.status !== 'failed' || isForgiven(demand, build))
    .map(({ id }) => id);
  const roots = [...demand.roots, ...wanting];
  const builds = await new DemandWalk(client, demand.evaluation, demand.settled).from(roots);
  const ids = builds.map((build) => build.id);
  const rescheduled = buildsToReschedule(
    builds.map((build) => ({
      ...build,
      forgiven: isForgiven(demand, build),
      quarantined: build.failure?.reason === 'quarantined',
    })),
  );
  if (rescheduled.length > 0) await client.query(scheduleAgain, [rescheduled]);
  await keep(client, [...ids, ...demand.repeated]);
  if (ids.length > 0) await raise(client, ids, demand);
  await limitNamed(client, demand);
  const failed = unsatisfied.filter((build) => isFailed(build.status)).map(({ id }) => id);
  return { rescheduled: rescheduled.length, walked: ids, failed };
}

/** What runs and was to be canceled goes on; a worker that has stopped it hands it back. */
async function keep(client: Client, builds: readonly number[]): Promise<void> {
  const ending = await client.query('select from leases where cancel_reason is not null limit 1');
  if (ending.rowCount === 1) await client.query(keepRunning, [builds]);
}

interface Unsatisfied {
  readonly id: number;
  readonly status: BuildStatus;
  readonly failure: KnownFailure | null;
}

/** Whether a build that its package failed is worth another attempt for this demand. */
function isForgiven(
  { named, limits }: Demand,
  { id, status, failure }: { id: number; status: BuildStatus; failure: KnownFailure | null },
): boolean {
  if (status !== 'failed' || failure === null) return false;
  const wished = named.get(id) ?? (failure.named ? failure.tried : limits);
  return !isRemembered(failure, wished);
}

/** Of builds whose closure is in the batch, the failed and those that something must happen to. */
async function findUnsatisfied(client: Client, demand: Demand): Promise<Unsatisfied[]> {
  if (demand.repeated.length === 0) return [];
  const { rows } = await client.query(
    `select b.id, b.status, ${failureColumn} from builds b
      where b.id = any(string_to_array($1, ' ')::bigint[])
        and (b.status in ('canceled', 'failed', 'failed-other', 'failed-dependency')
         or (b.status in ('scheduled', 'submitted', 'started')
             and (${lessThanWanted}) and ${notOurs}))`,
    [demand.repeated.join(' '), ...wanted(demand)],
  );
  return rows as Unsatisfied[];
}

const isNamed = 'exists (select 1 from jobs j where j.build_id = b.id)';
const lessThanWanted = `b.priority > $2
  or ((coalesce(b.timeout_seconds, 0) < $3 or coalesce(b.max_silent_seconds, 0) < $4)
      and not ${isNamed})`;

/** Not written by the specification version that this evaluation reads. */
const notOurs = `not exists (
  select 1 from evaluations theirs join evaluations ours
      on (ours.specification_id, ours.specification_version)
       = (theirs.specification_id, theirs.specification_version)
   where theirs.id = b.evaluation_id and ours.id = $5)`;

function wanted(demand: Demand): number[] {
  const { priority, limits, evaluation } = demand;
  return [priority, limits.timeoutSeconds, limits.maxSilentSeconds, evaluation];
}

async function raise(client: Client, ids: readonly number[], demand: Demand): Promise<void> {
  await client.query(
    `with chosen as (
       select b.id, ${isNamed} as named from builds b
        where b.id = any(string_to_array($1, ' ')::bigint[])
          and b.status in ('scheduled', 'submitted', 'started')
          and (${lessThanWanted}) and ${notOurs}
        order by b.id for no key update)
     update builds b
        set priority = least(b.priority, $2),
            timeout_seconds =
              case when named then b.timeout_seconds else greatest(b.timeout_seconds, $3) end,
            max_silent_seconds =
              case when named then b.max_silent_seconds else greatest(b.max_silent_seconds, $4) end
       from chosen where b.id = chosen.id`,
    [ids.join(' '), ...wanted(demand)],
  );
}

/**
 * Builds that jobs name. One that this evaluation wrote before a job named it has the general
 * limits and takes the job's; any other keeps the larger ones. The ids are given twice: by the join
 * alone, a table without statistics would be read whole for each batch.
 */
async function limitNamed(client: Client, demand: Demand): Promise<void> {
  const known = new Set([...demand.roots, ...demand.repeated]);
  const named = [...demand.named].filter(([build]) => known.has(build));
  if (named.length === 0) return;
  await client.query(
    `with wished as (
       select b.id, w.timeout, w.silence, b.evaluation_id = $4 and not exists (
                select 1 from jobs j where j.evaluation_id = $4 and j.build_id = b.id) as unnamed
         from unnest($1::bigint[], $2::int[], $3::int[]) w (id, timeout, silence)
         join builds b on b.id = w.id
        where b.id = any($1) and b.status in ('scheduled', 'submitted', 'started')
          and (b.timeout_seconds, b.max_silent_seconds)
              is distinct from (w.timeout, w.silence)
        order by b.id for no key update of b)
     update builds b
        set timeout_seconds =
              case when unnamed then timeout else greatest(b.timeout_seconds, timeout) end,
            max_silent_seconds =
              case when unnamed then silence else greatest(b.max_silent_seconds, silence) end
       from wished where b.id = wished.id`,
    [
      named.map(([build]) => build),
      named.map(([, limits]) => limits.timeoutSeconds),
      named.map(([, limits]) => limits.maxSilentSeconds),
      demand.evaluation,
    ],
  );
}
