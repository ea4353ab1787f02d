/** What broke and what was mended, for the feeds. */
import type { WeatherChange } from '#domain/notification/change.js';
import { kindOf, type ChangeWeather } from '#domain/notification/change.js';
import type { BuildId, EvaluationId, WeatherChangeId } from '#domain/ids.js';
import type { Database, Row } from './database.js';

export interface ChangeFilters {
  readonly specification?: string | undefined;
  readonly job?: string | undefined;
  readonly system?: string | undefined;
  readonly evaluation?: number | undefined;
}

/** How many of the newest are looked at for a job or a system. */
const lookedAtMost = 20_000;

interface ChangeRow extends Row {
  id: WeatherChangeId;
  specification: string;
  evaluation: EvaluationId;
  build: BuildId;
  job: string;
  system: string;
  weather: ChangeWeather;
  at: Date;
}

export class CuirassChanges {
  constructor(private readonly database: Database) {}

  /** The newest first. */
  async newest(filters: ChangeFilters, limit: number): Promise<WeatherChange[]> {
    const { specification, job, system, evaluation } = filters;
    const rows = await this.database.query<ChangeRow>(
      `select c.id, s.name as specification, c.evaluation_id as evaluation, c.build_id as build,
              n.name as job, c.system, c.weather, c.changed_at as at
         from (select * from weather_changes c
                where c.is_news and ($1::text is null or c.specification_id = any (
                        array(select id from specifications where name = $1)))
                  and ($4::bigint is null or c.evaluation_id = $4)
                order by c.id desc limit ${lookedAtMost}) c
         join job_names n on n.id = c.name_id join specifications s on s.id = c.specification_id
        where ($2::text is null or n.name = $2) and ($3::text is null or c.system = $3)
        order by c.id desc limit $5`,
      [specification ?? null, job ?? null, system ?? null, evaluation ?? null, limit],
    );
    return rows.map(({ weather, ...rest }) => ({ ...rest, kind: kindOf(weather) }));
  }
}
