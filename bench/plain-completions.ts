/**
 * What completions cost a plain program: one interactive transaction for each, with a statement
 * for each row that it writes and for each dependant whose count of unfinished inputs falls. It
 * does all that a completion of ours does. The other floor is one UPDATE of one row for each
 * commit. Neither pays for the triggers that feed our planner.
 */
import type { Client, Database } from '#adapters/postgres/database.js';

/** Each completed build is an input of so many others. */
export const dependantsOfEach = 3;

/** Counts of unfinished inputs, as a program keeps them that has no planner with a memory. */
export async function seedCounts(database: Database, builds: number): Promise<void> {
  await database.execute('create table if not exists counts (build_id bigint primary key, n int)');
  await database.execute('truncate counts');
  await database.execute(
    `insert into derivation_inputs
     select $1::int + 1 + (n * 7919 + k * 104729) % $1::int, n
       from generate_series(1, $1::int) n, generate_series(1, $2::int) k
     on conflict do nothing`,
    [builds, dependantsOfEach],
  );
  await database.execute(
    `insert into counts select derivation_id, count(*) from derivation_inputs group by 1`,
  );
}

export async function withoutTriggers<T>(database: Database, work: () => Promise<T>): Promise<T> {
  await database.execute('alter table builds disable trigger user');
  try {
    return await work();
  } finally {
    await database.execute('alter table builds enable trigger user');
  }
}

export interface PlainReport {
  readonly attempt: number;
  readonly fence: string;
  readonly name: string;
  readonly path: string;
  readonly narHash: string;
  readonly references: readonly string[];
}

export function completeInteractively(database: Database, report: PlainReport): Promise<void> {
  return database.transaction(async (client) => {
    const { rows } = await client.query<{ build: number; evaluation: number; store: number }>(
      `select l.build_id as build, l.evaluation_id as evaluation, d.store_id as store
         from leases l join builds b on b.id = l.build_id join derivations d on d.id = b.id
        where l.attempt_id = $1 and l.fence = $2 for update of l, b`,
      [report.attempt, report.fence],
    );
    const [live] = rows;
    if (!live) throw new Error(`attempt ${report.attempt} has no lease`);
    await judge(client, live, report);
    await offer(client, live.store, report);
    await end(client, live, report);
    await tellDependants(client, live.build);
  });
}

interface Live {
  readonly build: number;
  readonly evaluation: number;
  readonly store: number;
}

async function judge(client: Client, live: Live, report: PlainReport): Promise<void> {
  const { rows: expected } = await client.query<{ path: string }>(
    'select path from outputs where derivation_id = $1 and name = $2',
    [live.build, report.name],
  );
  const { rows: uploads } = await client.query<{ nar_hash: string }>(
    'select nar_hash from uploads where principal = $1 and store_id = $2 and path = $3',
    [`attempt-${report.attempt}`, live.store, report.path],
  );
  const others = report.references.filter((path) => path !== report.path);
  const { rows: offered } = await client.query(
    `select path from store_paths where store_id = $1 and hash_part = any ($2) for key share`,
    [live.store, others.map((path) => path.slice(0, 32))],
  );
  const arrived = uploads[0]?.nar_hash === report.narHash && offered.length === others.length;
  if (!arrived || expected[0]?.path !== report.path) throw new Error('the outputs are not there');
}

async function offer(client: Client, store: number, report: PlainReport): Promise<void> {
  const principal = `attempt-${report.attempt}`;
  const { rows } = await client.query<{ id: number }>(
    `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, deriver, attempt_id)
     select store_id, left(path, 32), path, nar_hash, nar_size, 'd.drv', $3
       from uploads where principal = $1 and store_id = $2 returning id`,
    [principal, store, report.attempt],
  );
  const path = rows[0]!.id;
  await client.query(
    `insert into nars select $2, compression, file_hash, file_size, file_key
       from uploads where principal = $1 and store_id = $3`,
    [principal, path, store],
  );
  for (const reference of report.references) {
    await client.query('insert into store_path_references values ($1, $2)', [path, reference]);
  }
  await client.query('delete from uploads where principal = $1', [principal]);
}

async function end(client: Client, live: Live, report: PlainReport): Promise<void> {
  await client.query(
    `update attempts set status = 'succeeded', ended_at = now(), log_bytes = 1000
      where evaluation_id = $1 and id = $2`,
    [live.evaluation, report.attempt],
  );
  await client.query(
    `update builds set status = 'succeeded', reason = null, release_expires_at = null,
            not_before = null, ended_at = now() where id = $1`,
    [live.build],
  );
  await client.query('delete from leases where attempt_id = $1', [report.attempt]);
}

async function tellDependants(client: Client, build: number): Promise<void> {
  const { rows } = await client.query<{ id: number }>(
    'select derivation_id as id from derivation_inputs where input_id = $1 order by derivation_id',
    [build],
  );
  for (const { id } of rows) {
    await client.query('update counts set n = n - 1 where build_id = $1', [id]);
  }
}

export async function completeOneRow(database: Database, build: number): Promise<void> {
  await database.execute(`update builds set status = 'succeeded', ended_at = now() where id = $1`, [
    build,
  ]);
}
