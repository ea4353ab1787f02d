/**
 * Derivations that nothing leads to any more. They go in two steps, since an evaluation under way
 * may have been told that one is known and name it later: condemned ones are told to be unknown,
 * and one is removed only when every evaluation that is read began after it was condemned. See
 * docs/adr/0021-what-is-kept.md.
 */
import type { RemovedDerivations } from '#application/ports/garbage-store.js';
import { removable, type Removal } from '#domain/retention/unreferenced.js';
import type { Client, Row } from './database.js';
import { condemnFiles, condemnLogs } from './garbage-files.js';
import { isUnfinished } from './planner-rows.js';

/** The lock of PostgresIngestStore: no derivation is registered while some are removed. */
export const ingestLock = 726002;
const removedAtOnce = 1000;

/** SQL: whether a row of pins or releases still counts. */
export function counts(row: string): string {
  return `(${row}.expires_at is null or ${row}.expires_at > now())`;
}

/** Everything that a job leads to, or a pinned path, or a build that is not finished. */
const walk = `
  with recursive reached (id) as (
    select j.build_id from jobs j
     where j.build_id is not null and j.evaluation_id <> all ($1::bigint[])
    union
    select o.derivation_id from pins p
      join outputs o on o.store_id = p.store_id and o.path = p.path where ${counts('p')}
    union
    select b.id from builds b where ${isUnfinished}
    union
    select i.input_id from reached r join derivation_inputs i on i.derivation_id = r.id)
  insert into kept_derivations select id from reached`;

/** Those that an evaluation under way has brought, and no job names yet, are left alone. */
const unreached = `
  select d.id from derivations d left join builds b on b.id = d.id
    left join evaluations e on e.id = b.evaluation_id
   where not exists (select from kept_derivations k where k.id = d.id)
     and e.status is distinct from 'started'`;

/** Answers how many derivations nothing leads to. */
export async function condemnDerivations(
  client: Client,
  { without, dryRun }: { readonly without: readonly number[]; readonly dryRun: boolean },
): Promise<number> {
  await client.query('truncate kept_derivations, going');
  await client.query(walk, [without]);
  await client.query('analyze kept_derivations');
  if (dryRun) {
    const { rowCount } = await client.query(`insert into going ${unreached}`);
    await client.query('analyze going');
    return rowCount ?? 0;
  }
  await client.query(
    `delete from condemned_derivations c using kept_derivations k where k.id = c.derivation_id`,
  );
  await client.query(
    `insert into condemned_derivations (derivation_id, condemned_at)
     select id, 'infinity' from (${unreached}) u on conflict do nothing`,
  );
  // Only when they are told to be unknown does the time count.
  await client.query(
    `update condemned_derivations set condemned_at = clock_timestamp()
      where condemned_at = 'infinity'`,
  );
  const { rows } = await client.query<{ n: number }>(
    'select count(*) as n from condemned_derivations',
  );
  return rows[0]?.n ?? 0;
}

interface CondemnedRow extends Row {
  readonly id: number;
  readonly free: boolean;
  readonly needed_by: readonly number[] | null;
}

const readWindow = `
  select derivation_id as id from condemned_derivations
   where derivation_id < coalesce($1::bigint, 9223372036854775807)
   order by derivation_id desc limit ${removedAtOnce}`;

/** A build that is restarted meanwhile is locked, or is not final any more. */
const lockBuilds = 'select id from builds where id = any ($1) order by id for update skip locked';

const readFacts = `
  select c.derivation_id as id,
         c.condemned_at < coalesce(
           (select min(started_at) from evaluations where status = 'started'), 'infinity')
         and not exists (select from builds b where b.id = c.derivation_id
                          and (${isUnfinished} or b.id <> all ($2::bigint[])))
         and not exists (select from leases l where l.build_id = c.derivation_id)
         and not exists (select from jobs j where j.build_id = c.derivation_id)
         and not exists (select from outputs o join pins p
                             on p.store_id = o.store_id and p.path = o.path
                          where o.derivation_id = c.derivation_id and ${counts('p')}) as free,
         (select json_agg(i.derivation_id) from (
            select derivation_id from derivation_inputs
             where input_id = c.derivation_id limit ${removedAtOnce + 1}) i) as needed_by
    from condemned_derivations c where c.derivation_id = any ($1)
   order by c.derivation_id desc`;

/** Within a transaction. */
export async function removeDerivations(
  client: Client,
  before: number | null,
): Promise<RemovedDerivations> {
  await client.query('select pg_advisory_xact_lock($1)', [ingestLock]);
  const found = await client.query<{ id: number }>(readWindow, [before]);
  const ids = found.rows.map((row) => row.id);
  if (ids.length === 0) return { derivations: 0, logs: 0, next: null };
  const locked = await client.query<{ id: number }>(lockBuilds, [ids]);
  const facts = await client.query<CondemnedRow>(readFacts, [
    ids,
    locked.rows.map((row) => row.id),
  ]);
  const going = removable(facts.rows.map(removalOf));
  const logs = await removeAll(client, going);
  const next = ids.length < removedAtOnce ? null : (ids.at(-1) ?? null);
  return { derivations: going.length, logs, next };
}

function removalOf({ id, free, needed_by: neededBy }: CondemnedRow): Removal {
  return { id, mayGo: free, referrers: neededBy ?? [] };
}

/** Answers how many logs are condemned with them. */
async function removeAll(client: Client, ids: readonly number[]): Promise<number> {
  if (ids.length === 0) return 0;
  const attempts = await client.query<{ id: number; size: number }>(
    'delete from attempts where build_id = any ($1) returning id, log_bytes as size',
    [ids],
  );
  const products = await client.query<{ key: string | null; size: number | null }>(
    'delete from build_products where build_id = any ($1) returning file_key as key, size',
    [ids],
  );
  for (const statement of removals) await client.query(statement, [ids]);
  await condemnFiles(
    client,
    products.rows.flatMap(({ key, size }) => (key === null ? [] : [{ key, size: size ?? 0 }])),
  );
  const logs = attempts.rows.map(({ id, size }) => ({ key: `attempt-${id}`, size }));
  await condemnLogs(client, logs);
  return logs.length;
}

const removals = [
  'delete from substitutions where build_id = any ($1)',
  'delete from derivation_inputs where derivation_id = any ($1)',
  'delete from outputs where derivation_id = any ($1)',
  'delete from builds where id = any ($1)',
  'delete from derivations where id = any ($1)',
  'delete from condemned_derivations where derivation_id = any ($1)',
];
