/** How rows of builds become what the planner is told. Times travel as milliseconds. */
import { id, type BuildId, type EvaluationId } from '#domain/ids.js';
import { isFinal, type BuildStatus } from '#domain/build/status.js';
import type { FeedChange, FeedPosition, GraphBuild } from '#application/ports/planner-store.js';
import type { BinaryRow } from './copy-out.js';
import type { Row } from './database.js';

export function milliseconds(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8`;
}

/** SQL: the builds that something may still happen to. */
export const isUnfinished = `b.status in ('scheduled', 'submitted', 'started')`;

/** Bigint lists travel as one text, which Postgres and pg both read several times faster. */
export const idList = (parameter: string): string => `string_to_array(${parameter}, ' ')::bigint[]`;

export interface GraphRow extends Row {
  id: number;
  status: BuildStatus;
  priority: number;
  generation: number;
  worker_class: string | null;
  release_expires_at: number | null;
  not_before: number | null;
  scheduled_at: number;
  started_at: number | null;
  running_on: string | null;
  package_name: string;
  system: string;
  features: string | null;
  estimate: number | null;
  inputs: string | null;
}

const graphColumns = `b.id, b.status, b.priority, b.generation, b.worker_class,
  ${milliseconds('b.release_expires_at')} as release_expires_at,
  ${milliseconds('b.not_before')} as not_before, ${milliseconds('b.scheduled_at')} as scheduled_at,
  ${milliseconds('b.started_at')} as started_at, w.class as running_on,
  d.package_name, d.system, nullif(array_to_string(d.required_features, ' '), '') as features,
  p.milliseconds as estimate`;

const graphTables = `join derivations d on d.id = b.id
  left join package_durations p on p.package_name = d.package_name and p.system = d.system
  left join leases l on l.build_id = b.id left join workers w on w.id = l.worker_id`;

/** $1 a list of ids; with every input that they have, whatever became of it. */
export const readUnfinished = `
  select ${graphColumns},
         (select string_agg(i.input_id::text, ' ') from derivation_inputs i
           where i.derivation_id = b.id) as inputs
    from unnest(${idList('$1')}) k (id) join builds b on b.id = k.id ${graphTables}
   where ${isUnfinished} order by b.id`;

/** $1 a list of ids; without their inputs. */
export const readNotSucceeded = `
  select ${graphColumns}, null as inputs
    from unnest(${idList('$1')}) k (id) join builds b on b.id = k.id ${graphTables}
   where b.status <> 'succeeded' order by b.id`;

/** Everything unfinished, with all inputs as one array each: one probe of an index for a build. */
export const readGraph = `
  select ${graphColumns},
         array(select i.input_id from derivation_inputs i where i.derivation_id = b.id) as inputs
    from builds b ${graphTables}
   where ${isUnfinished}`;

/** The columns of `readGraph`, in their order. */
export function graphBuildOf(row: BinaryRow): GraphBuild & { inputs: BuildId[] } {
  const build = id<BuildId>(row.integer());
  const status = row.word() as BuildStatus;
  const priority = row.integer();
  const generation = row.integer();
  const workerClass = row.word();
  const releaseExpiresAt = row.double();
  const notBefore = row.double();
  const scheduledAt = row.double() ?? 0;
  const startedAt = row.double();
  const runningOn = row.word();
  const packageName = row.text() ?? '';
  const system = row.word() ?? '';
  const features = row.word();
  const estimateMs = row.double();
  const inputs: number[] = [];
  row.integers(inputs);
  return {
    build,
    status,
    priority,
    system,
    requiredFeatures: features === null ? noFeatures : features.split(' '),
    packageName,
    inputs: inputs as BuildId[],
    estimateMs,
    notBefore,
    generation,
    scheduledAt,
    releasedTo: releaseExpiresAt === null ? null : workerClass,
    releaseExpiresAt,
    runningOn,
    startedAt,
  };
}

const noFeatures: readonly string[] = [];

export function graphBuild(row: GraphRow, inputs: readonly BuildId[]): GraphBuild {
  return {
    build: id<BuildId>(row.id),
    status: row.status,
    priority: row.priority,
    system: row.system,
    requiredFeatures: row.features === null ? noFeatures : row.features.split(' '),
    packageName: row.package_name,
    inputs,
    estimateMs: row.estimate,
    notBefore: row.not_before,
    generation: row.generation,
    scheduledAt: row.scheduled_at,
    releasedTo: row.release_expires_at === null ? null : row.worker_class,
    releaseExpiresAt: row.release_expires_at,
    runningOn: row.running_on,
    startedAt: row.started_at,
  };
}

/** Changes that the snapshot $1 could not see, with what became of their builds. */
export const readChanges = `
  with told as materialized (
    select first_build, last_build, evaluation_id from planner_changes
     where xid >= pg_snapshot_xmin($1::pg_snapshot)
       and not pg_visible_in_snapshot(xid, $1::pg_snapshot)),
  moved (id, inserted) as (
    select t.id, bool_or(t.inserted) from (
      select first_build, false from told where first_build is not null and last_build is null
      union all
      select n, true from told cross join lateral generate_series(first_build, last_build) n
       where last_build is not null) t (id, inserted)
     group by t.id)
  select pg_current_snapshot()::text as position, ${milliseconds('clock_timestamp()')} as now,
         coalesce((select xid from planner_floor) > pg_snapshot_xmin($1::pg_snapshot), false)
           as forgotten,
         (select json_agg(distinct evaluation_id) from told where evaluation_id is not null)
           as evaluations,
         (select json_agg(json_build_object('id', b.id, 'inserted', m.inserted,
             'status', b.status, 'priority', b.priority, 'generation', b.generation,
             'class', b.worker_class, 'expires', ${milliseconds('b.release_expires_at')},
             'notBefore', ${milliseconds('b.not_before')},
             'startedAt', ${milliseconds('b.started_at')},
             'endedAt', ${milliseconds('b.ended_at')}, 'runningOn', w.class) order by b.id)
            from moved m join builds b on b.id = m.id
            left join leases l on l.build_id = b.id left join workers w on w.id = l.worker_id)
           as builds`;

export interface ChangesRow extends Row {
  position: FeedPosition;
  now: number;
  forgotten: boolean;
  evaluations: EvaluationId[] | null;
  builds: ChangedRow[] | null;
}

interface ChangedRow {
  id: number;
  inserted: boolean;
  status: BuildStatus;
  priority: number;
  generation: number;
  class: string | null;
  expires: number | null;
  notBefore: number | null;
  startedAt: number | null;
  endedAt: number | null;
  runningOn: string | null;
}

export function feedChange(row: ChangedRow): FeedChange {
  const change = {
    build: id<BuildId>(row.id),
    inserted: row.inserted,
    status: row.status,
    priority: row.priority,
    generation: row.generation,
    releasedTo: row.expires === null ? null : row.class,
    releaseExpiresAt: row.expires,
    notBefore: row.notBefore,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
  };
  // The lease of a build that has ended is gone; where it ran is known from before.
  return isFinal(row.status) ? change : { ...change, runningOn: row.runningOn };
}
