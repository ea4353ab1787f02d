/** A farm of rows alone: evaluations with jobs, and builds that end and are scheduled again. */
import { followWeather } from '#application/follow-weather.js';
import { PostgresWeatherStore } from '#adapters/postgres/weather-store.js';
import { readJobCounts } from '#adapters/postgres/evaluation-counts.js';
import type { Database, Row } from '#adapters/postgres/database.js';
import type { Weighed } from '#application/ports/weather-store.js';
import type { BuildStatus } from '#domain/build/status.js';

export interface TurnRow extends Row {
  readonly evaluation: number;
  readonly build: number;
  readonly weather: string;
  readonly reference: number;
  readonly news: boolean;
}

export class WeatherFarm {
  private made = 0;

  constructor(private readonly database: Database) {}

  async specification(): Promise<number> {
    const name = `weather-${(this.made += 1)}`;
    const id = await this.one(
      'insert into specifications (name, version) values ($1, 1) returning id',
      [name],
    );
    await this.database.execute(`insert into specification_versions values ($1, 1, '{}')`, [id]);
    return id;
  }

  /** Begins to read; jobs come by `jobs`. */
  async evaluation(specification: number): Promise<number> {
    const id = await this.one(
      `insert into evaluations (specification_id, specification_version, revisions_digest, try,
         trigger, status) values ($1, 1, $2, 1, 'poll', 'started') returning id`,
      [specification, `digest-${(this.made += 1)}`],
    );
    await this.database.execute('select ensure_evaluation_partitions($1)', [id]);
    return id;
  }

  /** A build of its own, scheduled. */
  async build(evaluation: number, status: BuildStatus = 'scheduled'): Promise<number> {
    const id = await this.one(
      `insert into derivations (store_id, path, name, package_name, system)
       values (1, $1, 'p', 'p', 'x86_64-linux') returning id`,
      [`${String((this.made += 1)).padStart(32, '0')}-p.drv`],
    );
    await this.database.execute(
      'insert into builds (id, evaluation_id, status) values ($1, $2, $3)',
      [id, evaluation, status],
    );
    return id;
  }

  async job(evaluation: number, name: string, build: number | null): Promise<void> {
    await this.database.execute(
      `with named as (
         insert into job_names (name) values ($2) on conflict (name) do update set name = $2
         returning id)
       insert into jobs (evaluation_id, name_id, system, build_id, error)
       select $1, id, 'x86_64-linux', $3, case when $3::bigint is null then 'broken' end
         from named`,
      [evaluation, name, build],
    );
  }

  async end(evaluation: number, status = 'succeeded', daysAgo = 0): Promise<void> {
    await this.database.execute(
      `update evaluations set status = $2, ended_at = now() - make_interval(days => $3)
        where id = $1`,
      [evaluation, status, daysAgo],
    );
  }

  async turn(build: number, status: BuildStatus, daysAgo = 0): Promise<void> {
    await this.database.execute(
      `update builds set status = $2,
              ended_at = case when $2 in ('scheduled', 'started') then null
                              else now() - make_interval(days => $3) end
        where id = $1`,
      [build, status, daysAgo],
    );
  }

  weigh(): Promise<Weighed> {
    return followWeather(new PostgresWeatherStore(this.database), () => true);
  }

  /** In the order in which they were told. */
  turns(specification: number): Promise<TurnRow[]> {
    return this.database.query(
      `select evaluation_id as evaluation, build_id as build, weather, is_news as news,
              reference_evaluation_id as reference
         from weather_changes where specification_id = $1 order by id`,
      [specification],
    );
  }

  standings(specification: number): Promise<Record<string, unknown>[]> {
    return this.database.query(
      `select n.name, t.evaluation_id as evaluation, t.build_id as build, t.succeeded,
              t.first_evaluation_id as first, t.first_succeeded as "firstSucceeded"
         from job_standings t join job_names n on n.id = t.name_id
        where t.specification_id = $1 order by n.name`,
      [specification],
    );
  }

  /** Kept, and counted anew from the builds. */
  async counts(specification: number): Promise<{ kept: unknown[]; counted: unknown[] }> {
    const statuses = ['succeeded', 'failed', 'failed-dependency', 'failed-other', 'canceled'];
    const anew = statuses.map(
      (status) =>
        `count(*) filter (where b.status = '${status}')::int as ${status.replace('-', '_')}`,
    );
    const columns = statuses.map((status) => status.replace('-', '_')).join(', ');
    return {
      kept: await this.database.query(
        `select c.evaluation_id, c.jobs, ${columns} from evaluation_counts c
           join evaluations e on e.id = c.evaluation_id
          where e.specification_id = $1 order by 1`,
        [specification],
      ),
      counted: await this.database.query(
        `select j.evaluation_id, count(*)::int as jobs, ${anew.join(', ')}
           from jobs j join evaluations e on e.id = j.evaluation_id and e.status <> 'started'
           left join builds b on b.id = j.build_id
          where e.specification_id = $1 group by 1 order by 1`,
        [specification],
      ),
    };
  }

  /** Of every evaluation, by status: as pages are told it, and counted anew. */
  async jobCounts(specification: number): Promise<{ told: unknown; counted: unknown }> {
    const rows = await this.database.query<{ id: number; status: string; jobs: number }>(
      `select e.id, coalesce(b.status, 'error') as status, count(*) as jobs
         from evaluations e join jobs j on j.evaluation_id = e.id
         left join builds b on b.id = j.build_id
        where e.specification_id = $1 group by 1, 2`,
      [specification],
    );
    const counted = new Map<number, Record<string, number>>();
    for (const { id, status, jobs } of rows) {
      counted.set(id, { ...counted.get(id), [status]: jobs });
    }
    return { told: await readJobCounts(this.database, [...counted.keys()]), counted };
  }

  private async one(text: string, values: readonly unknown[]): Promise<number> {
    const [row] = await this.database.query<{ id: number }>(text, values);
    return row!.id;
  }
}
