/**
 * What the first page reads of many specifications at once. The counts are those that the
 * coordinator keeps (`evaluation_counts`), which may be a moment behind: nothing is counted here
 * but for `availability`, which is asked in the background, part by part.
 */
import { healthOf } from '#domain/evaluation/health.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type { Availability, RecentEvaluation } from '#protocol/api/overview.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';
import { wasNotCut } from './whole-evaluations.js';

interface RecentRow extends Row {
  readonly specification: number;
  readonly id: number;
  readonly status: EvaluationStatus;
  readonly canceled: boolean;
  readonly started_at: Date;
  readonly jobs: number | null;
  readonly failures: number;
  readonly new_failures: number;
  readonly ended: number;
}

/** Jobs of an evaluation, counted. */
export interface CountedPart {
  readonly systems: readonly Availability[];
  /** The job after which the rest begins; null at the end. */
  readonly next: number | null;
}

export class OverviewQueries {
  constructor(private readonly database: Database) {}

  /** The last `each` evaluations of each specification, the oldest first. */
  async recent(
    specifications: readonly number[],
    each: number,
  ): Promise<ReadonlyMap<number, readonly RecentEvaluation[]>> {
    const rows = await this.database.query<RecentRow>(
      `select s.id as specification, e.id, e.status, not ${wasNotCut} as canceled,
              e.started_at, k.jobs, coalesce(k.new_failures, 0) as new_failures,
              coalesce(k.errors + k.failed + k.failed_dependency + k.failed_other, 0) as failures,
              coalesce(k.errors + k.succeeded + k.failed + k.failed_dependency + k.failed_other
                       + k.canceled, 0) as ended
         from unnest($1::bigint[]) s (id)
        cross join lateral (select id, status, canceled_at, started_at from evaluations
                             where specification_id = s.id order by id desc limit $2) e
         left join evaluation_counts k on k.evaluation_id = e.id
        order by s.id, e.id`,
      [specifications, each],
    );
    const by = Map.groupBy(rows, (row) => row.specification);
    return new Map([...by].map(([specification, its]) => [specification, its.map(recentOf)]));
  }

  /** By system, of the evaluation's next `limit` jobs. */
  async availability(
    { evaluation, after }: { evaluation: number; after: number },
    limit: number,
  ): Promise<CountedPart> {
    const rows = await this.database.query<Row & Availability & { last: number }>(
      `select j.system, count(*)::int as jobs, max(j.id) as last,
              (count(*) filter (where b.status = 'succeeded'))::int as succeeded
         from (select id, system, build_id from jobs where evaluation_id = $1 and id > $2
                order by id limit $3) j
         left join lateral (select status from builds where id = j.build_id offset 0) b on true
        group by j.system`,
      [evaluation, after, limit],
    );
    const counted = rows.reduce((sum, { jobs }) => sum + jobs, 0);
    return {
      systems: rows.map(({ system, jobs, succeeded }) => ({ system, jobs, succeeded })),
      next: counted < limit ? null : Math.max(...rows.map(({ last }) => last)),
    };
  }
}

function recentOf(row: RecentRow): RecentEvaluation {
  const unfinished = row.jobs === null ? 0 : row.jobs - row.ended;
  const { status, canceled, failures, new_failures: newFailures } = row;
  // What was read and not yet weighed has hardly begun.
  const begun = status === 'succeeded' && row.jobs === null ? 1 : unfinished;
  return {
    id: String(row.id),
    health: healthOf({ status, canceled, newFailures, failures, unfinished: begun }),
    startedAt: iso(row.started_at),
    jobs: row.jobs ?? 0,
    newFailures,
    failures,
    unfinished,
  };
}
