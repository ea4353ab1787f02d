/** Evaluations, their jobs and the history of jobs, as Cuirass's API tells them. */
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type { BuildStatus } from '#domain/build/status.js';
import { buildNumberSql } from './cuirass-numbers.js';
import type { Database, Row } from './database.js';
import { readJobCounts } from './evaluation-counts.js';

export interface CuirassCheckout {
  readonly channel: string;
  readonly revision: string;
}

export interface CuirassEvaluation {
  readonly id: number;
  readonly specification: string;
  readonly status: EvaluationStatus;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** All of them: the specification's channels in its order, then those that they pulled in. */
  readonly checkouts: readonly CuirassCheckout[];
}

export interface JobsFilters {
  readonly evaluation: number;
  readonly names?: readonly string[] | undefined;
  readonly system?: string | undefined;
}

export interface CuirassHistory {
  readonly evaluation: number;
  /** Those whose revision is another than in the evaluation before. */
  readonly checkouts: readonly CuirassCheckout[];
  readonly jobs: readonly {
    readonly name: string;
    readonly build: number;
    readonly status: BuildStatus;
  }[];
}

export class CuirassEvaluations {
  constructor(private readonly database: Database) {}

  /** Newest first, in whatever status; of one specification, also of a former one of its name. */
  list(limit: number, specification: string | undefined): Promise<CuirassEvaluation[]> {
    return this.database.query<Row & CuirassEvaluation>(
      `select ${columns} from evaluations e join specifications s on s.id = e.specification_id
        where $2::text is null
           or e.specification_id = any (array(select id from specifications where name = $2))
        order by e.id desc limit $1`,
      [limit, specification ?? null],
    );
  }

  async find(id: number): Promise<CuirassEvaluation | null> {
    const [row] = await this.database.query<Row & CuirassEvaluation>(
      `select ${columns} from evaluations e join specifications s on s.id = e.specification_id
        where e.id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** The last that succeeded, of the specification that bears the name now. */
  async latest(specification: string): Promise<number | null> {
    const [row] = await this.database.query<{ id: number }>(
      `select id from evaluations where status = 'succeeded' and specification_id =
         (select id from specifications where name = $1 order by archived_at is null desc, id desc
           limit 1)
        order by id desc limit 1`,
      [specification],
    );
    return row?.id ?? null;
  }

  /**
   * The jobs of an evaluation by name, as the JSON text of a list that Postgres prints: a hundred
   * thousand of them need no object each here.
   */
  jobs({ evaluation, names, system }: JobsFilters): Promise<string> {
    return this.database.transaction(async (client) => {
      await client.query(forManyJobs);
      const values = [evaluation, names ?? null, system ?? null];
      const { rows } = await client.query<{ list: string }>(jobList, values);
      return rows[0]?.list ?? '[]';
    });
  }

  /** Of its jobs that have a build at all. */
  async counts(evaluation: number): Promise<{ jobs: number; succeeded: number }> {
    const counts = (await readJobCounts(this.database, [evaluation])).get(evaluation) ?? {};
    const { error: _, ...built } = counts;
    const jobs = Object.values(built).reduce((sum, count) => sum + count, 0);
    return { jobs, succeeded: counts.succeeded ?? 0 };
  }

  /** The newest `limit` that succeeded, and of these those that have one of the jobs. */
  history(
    specification: string,
    names: readonly string[],
    limit: number,
  ): Promise<CuirassHistory[]> {
    return this.database.query<Row & CuirassHistory>(history, [specification, names, limit]);
  }
}

const columns = `e.id, s.name as specification, e.status, e.started_at as "startedAt",
  e.ended_at as "endedAt", coalesce((
    select json_agg(json_build_object('channel', c.channel, 'revision', c.revision)
                    order by c.position, c.channel)
      from checkouts c where c.evaluation_id = e.id), '[]') as checkouts`;

/**
 * For a hundred thousand jobs: with the usual four megabytes they would go to the disk and back,
 * and compiling the plan would take longer than following it. The planner takes lists that are only
 * known when they are there for ten rows, and would go through one for each row of the other.
 */
const forManyJobs =
  "set local work_mem = '64MB'; set local jit = off; set local enable_nestloop = off";

/** Names and builds are walked along their keys: a farm has many more than an evaluation. */
const jobList = `
with chosen as materialized (
  select id, name_id, build_id from jobs j
   where j.evaluation_id = $1::bigint and j.build_id is not null
     and ($3::text is null or j.system = $3)
     and ($2::text[] is null
          or j.name_id = any (array(select id from job_names where name = any($2)))))
select '[' || coalesce(string_agg(job, ','), '') || ']' as list from (
  select '{"build":' || b.id || ',"status":' || ${buildNumberSql('b.status')}
         || ',"name":' || to_json(n.name)::text || '}' as job
    from chosen j
    join (select id, name from job_names
           where id = any (array(select name_id from chosen)) offset 0) n on n.id = j.name_id
    join (select id, status from builds
           where id = any (array(select build_id from chosen)) offset 0) b on b.id = j.build_id
   order by n.name collate "C", j.id) sorted`;

const history = `
with recent as materialized (
  select e.id, e.specification_id from evaluations e
   where e.status = 'succeeded'
     and e.specification_id = any (array(select id from specifications where name = $1))
   order by e.id desc limit $3),
found as (
  select j.evaluation_id, json_agg(json_build_object('name', n.name, 'build', j.build_id,
                            'status', b.status) order by n.name, j.id) as jobs
    from jobs j join job_names n on n.id = j.name_id join builds b on b.id = j.build_id
   where j.evaluation_id = any (array(select id from recent))
     and j.name_id = any (array(select id from job_names where name = any($2::text[])))
   group by j.evaluation_id)
select r.id as evaluation, found.jobs, coalesce((
  select json_agg(json_build_object('channel', c.channel, 'revision', c.revision)
                  order by c.position, c.channel)
    from checkouts c left join checkouts p on p.channel = c.channel and p.evaluation_id = (
      select max(e.id) from evaluations e
       where e.specification_id = r.specification_id and e.id < r.id)
   where c.evaluation_id = r.id and c.revision is distinct from p.revision), '[]') as checkouts
  from recent r join found on found.evaluation_id = r.id
 order by r.id desc`;
