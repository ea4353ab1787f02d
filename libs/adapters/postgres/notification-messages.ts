/** A message as its receiver is told it: read from its rows each time, with the same outcome. */
import { id, type BuildId, type DeliveryId, type EvaluationId } from '#domain/ids.js';
import type { WeatherChangeId } from '#domain/ids.js';
import { kindOf, type ChangeWeather, type WeatherChange } from '#domain/notification/change.js';
import { toldByName, type Message } from '#domain/notification/message.js';
import { invariant } from '#std/invariant.js';
import type { Database, Row } from './database.js';

interface HeadRow extends Row {
  key: string;
  name: string;
  evaluation_id: number | null;
  created_at: Date;
  broken: number;
  fixed: number;
}

export interface ChangeRow extends Row {
  id: number;
  specification: string;
  evaluation_id: number;
  build_id: number;
  job: string;
  system: string;
  weather: ChangeWeather;
  changed_at: Date;
}

/** Of `w`, a row of weather_changes. */
export const changeColumns = `
  w.id, s.name as specification, w.evaluation_id, w.build_id, n.name as job, w.system, w.weather,
  w.changed_at`;
export const changeJoins = `
  join specifications s on s.id = w.specification_id join job_names n on n.id = w.name_id`;

export async function readMessage(database: Database, delivery: DeliveryId): Promise<Message> {
  const [head] = await database.query<HeadRow>(
    `select d.key, s.name, d.evaluation_id, d.created_at,
            count(*) filter (where w.weather = 'new-failure')::int as broken,
            count(*) filter (where w.weather = 'new-success')::int as fixed
       from deliveries d join specifications s on s.id = d.specification_id
       left join delivery_changes c on c.delivery_id = d.id
       left join weather_changes w on w.id = c.change_id
      where d.id = $1 group by d.id, s.id`,
    [delivery],
  );
  invariant(head, `message ${delivery} is gone while it is claimed`);
  const { key, name, evaluation_id, created_at, broken, fixed } = head;
  return {
    ...{ delivery, key, specification: name, createdAt: created_at, counts: { broken, fixed } },
    evaluation: evaluation_id === null ? null : id<EvaluationId>(evaluation_id),
    changes: await changesOf(database, delivery),
  };
}

/** What broke comes first. */
async function changesOf(database: Database, delivery: DeliveryId): Promise<WeatherChange[]> {
  const rows = await database.query<ChangeRow>(
    `select ${changeColumns} from delivery_changes c
       join weather_changes w on w.id = c.change_id ${changeJoins}
      where c.delivery_id = $1 order by w.weather, w.id limit $2`,
    [delivery, toldByName],
  );
  return rows.map(changeOf);
}

export function changeOf(row: ChangeRow): WeatherChange {
  const { specification, job, system } = row;
  return {
    ...{ specification, job, system, kind: kindOf(row.weather), at: row.changed_at },
    id: id<WeatherChangeId>(row.id),
    evaluation: id<EvaluationId>(row.evaluation_id),
    build: id<BuildId>(row.build_id),
  };
}
