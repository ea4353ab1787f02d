/** What a page of jobs tells beside their names: why one could not be evaluated, when it ended. */
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

export interface JobDetailRow {
  readonly error: string | null;
  readonly description: string | null;
  readonly endedAt: string | null;
}

interface DetailRow extends Row {
  readonly id: number;
  readonly error: string | null;
  readonly description: string | null;
  readonly ended_at: Date | null;
}

export class JobDetailQueries {
  constructor(private readonly database: Database) {}

  /** Null where there is no such job, or it has no build. */
  async buildOf(evaluation: number, job: { name: string; system: string }): Promise<number | null> {
    const [row] = await this.database.query<{ build: number | null }>(
      `select build_id as build from jobs
        where name_id = (select id from job_names where name = $2)
          and evaluation_id = $1 and system = $3 order by id limit 1`,
      [evaluation, job.name, job.system],
    );
    return row?.build ?? null;
  }

  /** By the id of the job. */
  async of(evaluation: number, jobs: readonly string[]): Promise<Map<string, JobDetailRow>> {
    if (jobs.length === 0) return new Map();
    const rows = await this.database.query<DetailRow>(
      `select j.id, j.error, j.meta ->> 'description' as description, b.ended_at
         from unnest($2::bigint[]) t (id)
        cross join lateral (select * from jobs where evaluation_id = $1 and id = t.id offset 0) j
         left join lateral (select ended_at from builds where id = j.build_id offset 0) b on true`,
      [evaluation, jobs],
    );
    return new Map(
      rows.map(({ id, error, description, ended_at }) => [
        String(id),
        { error, description, endedAt: iso(ended_at) },
      ]),
    );
  }
}
