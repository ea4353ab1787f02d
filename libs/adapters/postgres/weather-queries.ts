/**
 * The weather of builds, looked up: a job's result before an evaluation is what it last turned to
 * before it, or what it first was, so that each takes two steps down an index however long the
 * history is.
 */
import type { BuildStatus } from '#domain/build/status.js';
import { weatherOf, type Weather } from '#domain/weather/weather.js';
import type { Database, Row } from './database.js';

/** A build as one evaluation has it: it may be another one's, too, with other weather there. */
export interface BuildInEvaluation {
  readonly id: number;
  readonly evaluation: number;
}

/**
 * SQL for what a job was before an evaluation: true, false, or null where nothing is known. The
 * names are of its specification, its name, its system, and the evaluation.
 */
export function resultBefore(of: { s: string; n: string; y: string; e: string }): string {
  const same = (t: string): string =>
    `${t}.specification_id = ${of.s} and ${t}.name_id = ${of.n} and ${t}.system = ${of.y}`;
  return `coalesce(
    (select w.weather = 'new-success' from weather_changes w
      where ${same('w')} and w.evaluation_id < ${of.e}
      order by w.evaluation_id desc, w.id desc limit 1),
    (select t.first_succeeded from job_standings t
      where ${same('t')} and t.first_evaluation_id < ${of.e}))`;
}

interface WeatherRow extends Row {
  readonly build: number;
  readonly status: BuildStatus;
  readonly before: boolean | null;
}

/** Under the name that the evaluation gave it first, if it gave several. */
const ofBuilds = `
  select b.id as build, b.status,
         ${resultBefore({ s: 'e.specification_id', n: 'j.name_id', y: 'j.system', e: 'e.id' })}
           as before
    from unnest($1::bigint[], $2::bigint[]) t (build, evaluation)
    join builds b on b.id = t.build and b.status in ('succeeded', 'failed')
    join evaluations e on e.id = t.evaluation and e.status = 'succeeded'
   cross join lateral (select name_id, system from jobs
                        where evaluation_id = t.evaluation and build_id = t.build
                        order by id limit 1) j`;

export class WeatherQueries {
  constructor(private readonly database: Database) {}

  /** By the id of the build; `unknown` where nothing is told of it. */
  async ofBuilds(builds: readonly BuildInEvaluation[]): Promise<Map<number, Weather>> {
    const told = new Map<number, Weather>(builds.map(({ id }) => [id, 'unknown']));
    if (builds.length === 0) return told;
    const rows = await this.database.query<WeatherRow>(ofBuilds, [
      builds.map(({ id }) => id),
      builds.map(({ evaluation }) => evaluation),
    ]);
    for (const { build, status, before } of rows) told.set(build, weatherOf(before, status));
    return told;
  }
}
