/** Changes of weather as the farm writes them, for specs about who is told of them. */
import type { Notification } from '#domain/specification/notification.js';
import type { Database } from '#adapters/postgres/database.js';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { join } from 'node:path';

export interface TestChange {
  readonly job: string;
  readonly weather: 'new-success' | 'new-failure';
}

const rest = {
  backend: 'guix',
  channels: [{ name: 'guix', url: 'https://example.org/guix.git', branch: 'master' }],
  selection: { set: 'hello' },
  systems: ['x86_64-linux'],
  ...{ priority: 9, period: 0, share: 100, limits: {}, active: true },
};

export async function addSpecification(
  database: Database,
  name: string,
  notifications: readonly Notification[],
): Promise<number> {
  const [row] = await database.query<{ id: number }>(
    'insert into specifications (name, version) values ($1, 1) returning id',
    [name],
  );
  await database.execute('insert into specification_versions values ($1, 1, $2)', [
    row!.id,
    { name, ...rest, notifications },
  ]);
  return row!.id;
}

/** All of them in one transaction; answers their ids. */
export async function addChanges(
  database: Database,
  [specification, evaluation]: readonly [number, number],
  changes: readonly TestChange[],
): Promise<number[]> {
  const jobs = changes.map(({ job }) => job);
  await database.execute(
    'insert into job_names (name) select unnest($1::text[]) on conflict do nothing',
    [jobs],
  );
  const rows = await database.query<{ id: number }>(
    `insert into weather_changes (specification_id, evaluation_id, build_id, name_id, system,
                                  weather)
     select $1, $2, 100 + row_number() over (), n.id, 'x86_64-linux', c.weather
       from unnest($3::text[], $4::text[]) c (job, weather)
       join job_names n on n.name = c.job returning id`,
    [specification, evaluation, jobs, changes.map(({ weather }) => weather)],
  );
  return rows.map((row) => row.id);
}

/** What the only attempt of that build said. */
export async function addLog(
  data: string,
  database: Database,
  [build, text]: readonly [build: number, text: string],
): Promise<void> {
  await database.execute('select ensure_evaluation_partitions(7)');
  const [worker] = await database.query<{ id: number }>(
    `insert into workers (name, credential_hash, systems, slots, class)
     values ('amber', '', '{x86_64-linux}', 1, 'any') returning id`,
  );
  const [attempt] = await database.query<{ id: number }>(
    `insert into attempts (evaluation_id, build_id, number, worker_id, slot, status)
     values (7, $1, 1, $2, 0, 'failed') returning id`,
    [build, worker!.id],
  );
  const logs = new DiskLogStore(join(data, 'logs'));
  await logs.append(`attempt-${attempt!.id}`, 0, Buffer.from(text));
  await logs.close();
}
