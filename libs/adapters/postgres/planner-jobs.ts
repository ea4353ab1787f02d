/**
 * What evaluations demand, for the planner. The jobs of one evaluation are written by one batch at
 * a time (the ingest lock), so their ids grow in the order of their commits and "after the last one
 * seen" misses none.
 */
import { id, type BuildId, type EvaluationId, type SpecificationId } from '#domain/ids.js';
import type { EvaluationJobs, EvaluationJobStore } from '#application/ports/planner-store.js';
import type { Database, Row } from './database.js';
import { isLiveEvaluation } from './need-walk.js';
import { isUnfinished } from './planner-rows.js';

interface JobsRow extends Row {
  specification_id: number;
  status: string;
  canceled: boolean;
  last: number | null;
  builds: string | null;
}

export class PostgresEvaluationJobStore implements EvaluationJobStore {
  constructor(private readonly database: Database) {}

  async jobs(evaluation: EvaluationId, after: number): Promise<EvaluationJobs | null> {
    const [row] = await this.database.query<JobsRow>(
      `select e.specification_id, e.status, e.canceled_at is not null as canceled, j.last, j.builds
         from evaluations e left join lateral (
           select max(id) as last, string_agg(distinct build_id::text, ' ') as builds
             from jobs where evaluation_id = $1 and id > $2 and ${isLiveEvaluation}) j on true
        where e.id = $1`,
      [evaluation, after],
    );
    if (!row) return null;
    return {
      specification: id<SpecificationId>(row.specification_id),
      open: row.status === 'started',
      live: !row.canceled && (row.status === 'started' || row.status === 'succeeded'),
      last: row.last ?? after,
      builds: (row.builds?.split(' ') ?? []).map((build) => id<BuildId>(build)),
    };
  }

  async unfinished(evaluation: EvaluationId): Promise<readonly BuildId[]> {
    const [row] = await this.database.query<{ ids: string | null }>(
      `select string_agg(distinct b.id::text, ' ') as ids
         from jobs j join builds b on b.id = j.build_id
        where j.evaluation_id = $1 and ${isUnfinished}`,
      [evaluation],
    );
    return (row?.ids?.split(' ') ?? []).map((build) => id<BuildId>(build));
  }
}
