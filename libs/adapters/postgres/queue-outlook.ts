/**
 * What is to come and what has gone of the queue: the evaluations under way, and how many builds
 * ended lately. Each statement looks at so many rows at most, from the end of an index.
 */
import type { FinishedBuilds, OutlookEvaluation } from '#protocol/api/queue.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

/** The oldest are told; a farm has few of them at a time. */
const evaluationsAtMost = 50;
/** To find the last one that was read to its end. */
const looksBack = 20;
/** More than these are told as those of a shorter time. */
const endedAtMost = 5000;
/** What ended at once, as all that one failure blocks does, tells no rate. */
const leastSeconds = 10;

interface EvaluationRow extends Row {
  readonly id: number;
  readonly specification_id: number;
  readonly specification_name: string;
  readonly trigger: OutlookEvaluation['trigger'];
  readonly phase: OutlookEvaluation['phase'];
  readonly started_at: Date;
  readonly jobs: number;
  readonly last_jobs: number | null;
  readonly all: number;
}

interface EndedRow extends Row {
  readonly since: Date;
  readonly seconds: number;
  readonly system: string | null;
  readonly builds: number | null;
}

export class QueueOutlook {
  constructor(private readonly database: Database) {}

  /** The oldest first, with how many there are. */
  async evaluations(): Promise<{ all: number; items: OutlookEvaluation[] }> {
    const rows = await this.database.query<EvaluationRow>(
      `select e.id, s.id as specification_id, s.name as specification_name, e.trigger,
              e.started_at, e.job_count as jobs, count(*) over ()::int as all,
              case when e.evaluator is null or coalesce(e.lease_expires_at < now(), true)
                   then 'waiting' when e.job_count = 0 then 'reading' else 'registering' end
                as phase,
              (select l.job_count
                 from (select status, job_count from evaluations
                        where specification_id = e.specification_id and id < e.id
                        order by id desc limit $2) l
                where l.status = 'succeeded' limit 1) as last_jobs
         from evaluations e join specifications s on s.id = e.specification_id
        where e.status = 'started' order by e.id limit $1`,
      [evaluationsAtMost, looksBack],
    );
    return { all: rows[0]?.all ?? 0, items: rows.map(evaluationOf) };
  }

  /** Of the last hour, or of the newest that are enough; null: too many ended in one moment. */
  async finished(): Promise<FinishedBuilds | null> {
    const rows = await this.database.query<EndedRow>(
      `with newest as materialized (
         select id, status, started_at, ended_at from builds
          where ended_at > now() - interval '1 hour' order by ended_at desc limit $1),
       span as (
         select case when count(*) < $1 then now() - interval '1 hour'
                     else min(ended_at) end as since from newest),
       built as (
         select d.system, count(*)::int as builds from newest b
          cross join lateral (select system from derivations where id = b.id offset 0) d
          where b.status in ('succeeded', 'failed', 'failed-other') and b.started_at is not null
          group by 1)
       select s.since, extract(epoch from now() - s.since)::float8 as seconds, b.system, b.builds
         from span s left join built b on true order by b.system`,
      [endedAtMost],
    );
    const [{ since, seconds } = { since: new Date(), seconds: 0 }] = rows;
    if (seconds < leastSeconds) return null;
    const hourly = (builds: number): number => Math.round((builds * 3600) / seconds);
    const bySystem = rows.flatMap(({ system, builds }) =>
      system === null ? [] : [{ system, builds: builds ?? 0, perHour: hourly(builds ?? 0) }],
    );
    const builds = bySystem.reduce((sum, one) => sum + one.builds, 0);
    return { since: since.toISOString(), builds, perHour: hourly(builds), bySystem };
  }
}

function evaluationOf(row: EvaluationRow): OutlookEvaluation {
  return {
    id: String(row.id),
    specification: { id: String(row.specification_id), name: row.specification_name },
    trigger: row.trigger,
    phase: row.phase,
    startedAt: iso(row.started_at),
    jobs: row.jobs,
    lastJobs: row.last_jobs,
  };
}
