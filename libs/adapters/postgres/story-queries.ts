/** What the page of a build tells of the builds of the same job before it. */
import type { BuildId } from '#domain/ids.js';
import type { FirstResult, LastTurn } from '#domain/weather/result-story.js';
import type { PastBuild } from '#protocol/api/build-story.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

/** A job as the newest evaluation that points at the build names it. */
export interface JobOfBuild {
  readonly evaluation: number;
  readonly specificationId: number;
  readonly nameId: number;
  readonly system: string;
}

export interface Checkout {
  readonly evaluation: number;
  readonly channel: string;
  /** As git fetches it: it may hold a credential. */
  readonly url: string;
  readonly revision: string;
}

interface TurnRow extends Row {
  readonly evaluation: number;
  readonly build: number;
  readonly weather: string;
  readonly before_evaluation: number | null;
  readonly before_build: number | null;
}

interface PastRow extends Row {
  readonly id: number;
  readonly status: PastBuild['status'];
  readonly started_at: Date;
  readonly ended_at: Date;
}

/** Several evaluations share a build: so many jobs are looked at for a few builds. */
const jobsLookedAt = 60;

export class StoryQueries {
  constructor(private readonly database: Database) {}

  async jobOf(build: BuildId): Promise<JobOfBuild | null> {
    const [row] = await this.database.query<Row & JobOfBuild>(
      `select j.evaluation_id as evaluation, e.specification_id as "specificationId",
              j.name_id as "nameId", j.system
         from (select evaluation_id, name_id, system from jobs where build_id = $1
                order by evaluation_id desc, id limit 1) j
         join evaluations e on e.id = j.evaluation_id`,
      [build],
    );
    return row ?? null;
  }

  /** The newest turn of the job up to that evaluation. */
  async lastTurn(job: JobOfBuild): Promise<LastTurn | null> {
    const [row] = await this.database.query<TurnRow>(
      `select evaluation_id as evaluation, build_id as build, weather,
              reference_evaluation_id as before_evaluation, reference_build_id as before_build
         from weather_changes
        where specification_id = $1 and name_id = $2 and system = $3 and evaluation_id <= $4
        order by evaluation_id desc, id desc limit 1`,
      [job.specificationId, job.nameId, job.system, job.evaluation],
    );
    if (!row) return null;
    const { evaluation, build, before_evaluation: earlier, before_build: other } = row;
    return {
      ...{ evaluation, build, succeeded: row.weather === 'new-success' },
      before: earlier === null ? null : { evaluation: earlier, build: other },
    };
  }

  /** How the job began, if that was not after the evaluation. */
  async first(job: JobOfBuild): Promise<FirstResult | null> {
    const [row] = await this.database.query<Row & FirstResult>(
      `select first_evaluation_id as evaluation, first_succeeded as succeeded from job_standings
        where specification_id = $1 and name_id = $2 and system = $3
          and first_evaluation_id <= $4`,
      [job.specificationId, job.nameId, job.system, job.evaluation],
    );
    return row ?? null;
  }

  async checkouts(evaluations: readonly number[]): Promise<Checkout[]> {
    return this.database.query<Row & Checkout>(
      `select evaluation_id as evaluation, channel, url, revision
         from checkouts where evaluation_id = any ($1) order by position, channel`,
      [evaluations],
    );
  }

  /** Those that a worker brought to an end, up to that evaluation, the newest first. */
  async past(job: JobOfBuild, limit: number): Promise<PastBuild[]> {
    const rows = await this.database.query<PastRow>(
      `select b.id, b.status, b.started_at, b.ended_at
         from (select distinct build_id from (
                 select build_id from jobs
                  where name_id = $1 and evaluation_id <= $2 and system = $3
                    and build_id is not null
                  order by evaluation_id desc limit ${jobsLookedAt}) n) j
        cross join lateral (select id, status, started_at, ended_at from builds
                             where id = j.build_id offset 0) b
        where b.started_at is not null and b.ended_at is not null
          and b.status in ('succeeded', 'failed')
        order by b.id desc limit $4`,
      [job.nameId, job.evaluation, job.system, limit],
    );
    return rows.map(({ id, status, started_at: from, ended_at: to }) => ({
      ...{ id: String(id), status, startedAt: iso(from), endedAt: iso(to) },
    }));
  }
}
