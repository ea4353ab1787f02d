/**
 * What the first page reads of many specifications at once. The counts are those that the
 * coordinator keeps (`evaluation_counts`), which may be a moment behind: nothing is counted here
 * but for `availability`, which is asked in the background.
 */
import { healthOf } from '#domain/evaluation/health.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type { Availability, RecentEvaluation } from '#protocol/api/overview.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

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

export class OverviewQueries {
  constructor(private readonly database: Database) {}

  /** The last `each` evaluations of each specification, the oldest first. */
  async recent(
    specifications: readonly number[],
    each: number,
  ): Promise<ReadonlyMap<number, readonly RecentEvaluation[]>> {
    const rows = await this.database.query<RecentRow>(
      `select s.id as specification, e.id, e.status, e.canceled_at is not null as canceled,
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

  /** By system, of all jobs of the evaluation: as long as there are jobs to count. */
  async availability(evaluation: number): Promise<readonly Availability[]> {
    return this.database.query<Row & Availability>(
      `select j.system, count(*)::int as jobs,
              (count(*) filter (where b.status = 'succeeded'))::int as succeeded
         from jobs j left join builds b on b.id = j.build_id
        where j.evaluation_id = $1 group by j.system order by j.system`,
      [evaluation],
    );
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
