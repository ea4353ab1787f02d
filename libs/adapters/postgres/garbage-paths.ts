/**
 * Offered paths that nothing keeps: no registered derivation yields them or reads them as a source,
 * no pin holds them, and their time is over. What refers to them is the plan's affair, and is
 * looked at once more when they are removed.
 */
import type { LookedPaths, RemovedPaths } from '#application/ports/garbage-store.js';
import { removable } from '#domain/retention/unreferenced.js';
import type { Client, Row } from './database.js';
import { counts, ingestLock } from './garbage-derivations.js';
import { condemnFiles } from './garbage-files.js';

const lookedAtOnce = 5000;

/** What the sources of derivations were when they were noted. */
export interface NotedSources {
  /** Derivations after this one are asked themselves. */
  readonly lastDerivation: number;
  /** Stores with derivations whose sources nobody knows. */
  readonly unknownIn: readonly number[];
}

/** Fills `kept_sources`. */
export async function noteSources(client: Client): Promise<NotedSources> {
  const last = await client.query<{ id: number }>(
    'select coalesce(max(id), 0) as id from derivations',
  );
  const unknown = await client.query<{ store: number }>(
    'select distinct store_id as store from derivations where sources is null',
  );
  await client.query('truncate kept_sources');
  await client.query(
    `insert into kept_sources
     select distinct d.store_id, s.path from derivations d cross join unnest(d.sources) s (path)
      where not exists (select from going g where g.id = d.id)`,
  );
  await client.query('analyze kept_sources');
  return { lastDerivation: last.rows[0]!.id, unknownIn: unknown.rows.map((row) => row.store) };
}

/** SQL: of the path `p` of the store `s`. */
const lastUsed = 'greatest(p.offered_at, p.read_at)';
const isOver = `${lastUsed} < now() - make_interval(secs => s.ttl_seconds)`;
const isKept = (unknownIn: string): string => `(
  exists (select from outputs o where o.store_id = p.store_id and o.path = p.path
             and not exists (select from going g where g.id = o.derivation_id))
  or exists (select from pins n where n.store_id = p.store_id and n.path = p.path
                and ${counts('n')})
  or exists (select from kept_sources k where k.store_id = p.store_id and k.path = p.path)
  or (p.deriver is null and p.store_id = any (${unknownIn}::bigint[])))`;

const referrers = `
  select q.id from store_path_references r
    join store_paths q on q.id = r.path_id and q.store_id = p.store_id
   where r.reference = p.path and q.id <> p.id`;

/** A file that other paths share is not counted. */
const fileBytes = `
  select coalesce(sum(n.file_size), 0)::bigint from nars n
   where n.path_id = p.id and not exists (
     select from nars o where o.file_key = n.file_key and o.path_id <> n.path_id)`;

const readCandidates = `
  with looked as materialized (
    select p.* from store_paths p
     where p.id < coalesce($1::bigint, 9223372036854775807)
     order by p.id desc limit ${lookedAtOnce}),
  free as materialized (
    select p.id, p.path, p.store_id, ${lastUsed} as used
      from looked p join stores s on s.id = p.store_id
     where ${isOver} and not ${isKept('$2')})
  select (select count(*) from looked) as looked, (select min(id) from looked) as last,
         (select json_agg(json_build_array(p.id, extract(epoch from p.used), (${fileBytes}),
                            array(${referrers})) order by p.id desc) from free p) as candidates`;

interface LookedRow extends Row {
  readonly looked: number;
  readonly last: number | null;
  readonly candidates: [id: number, lastUsed: number, bytes: number, referrers: number[]][] | null;
}

export async function lookAtPaths(
  client: Client,
  before: number | null,
  { unknownIn }: NotedSources,
): Promise<LookedPaths> {
  const { rows } = await client.query<LookedRow>(readCandidates, [before, unknownIn]);
  const { looked, last, candidates } = rows[0]!;
  return {
    looked,
    candidates: (candidates ?? []).map(([id, used, bytes, by]) => ({
      id,
      lastUsed: used,
      bytes,
      referrers: by,
    })),
    next: looked < lookedAtOnce ? null : last,
  };
}

interface FactsRow extends Row {
  readonly id: number;
  readonly free: boolean;
  readonly referrers: readonly number[] | null;
}

/**
 * Whoever offers a path holds the rows of its references: what is held is left for another time.
 * The facts are read after the rows are locked, by a statement that sees what was committed until
 * then. A batch is small, so more referrers than it has paths are never all in it.
 */
const lockPaths =
  'select id from store_paths where id = any ($1) order by id for update skip locked';

const readFacts = (limit: number): string => `
  select p.id,
         ${isOver} and not ${isKept('$2')}
         and not (p.deriver is null and exists (
           select from derivations d where d.id > $3 and d.sources @> array[p.path])) as free,
         (select json_agg(f.id) from (${referrers} limit ${limit + 1}) f) as referrers
    from store_paths p join stores s on s.id = p.store_id where p.id = any ($1)
   order by p.id desc`;

/** Within a transaction. */
export async function removePaths(
  client: Client,
  paths: readonly number[],
  { lastDerivation, unknownIn }: NotedSources,
): Promise<RemovedPaths> {
  await client.query('select pg_advisory_xact_lock($1)', [ingestLock]);
  const locked = await client.query<{ id: number }>(lockPaths, [paths]);
  const ids = locked.rows.map((row) => row.id);
  if (ids.length === 0) return { paths: 0, bytes: 0 };
  const facts = await client.query<FactsRow>(readFacts(paths.length), [
    ids,
    unknownIn,
    lastDerivation,
  ]);
  const going = removable(
    facts.rows.map(({ id, free, referrers: by }) => ({ id, mayGo: free, referrers: by ?? [] })),
  );
  return removeAll(client, going);
}

const readFiles = `
  select file_key as key, file_size as size from nars where path_id = any ($1)
  union
  select file_key, size from build_products where path_id = any ($1) and file_key is not null`;

/** What hangs on them goes first, since the cascade of each row by itself costs more. */
const removeDependents = [
  'delete from nars where path_id = any ($1)',
  'delete from store_path_references where path_id = any ($1)',
];

const removeRows = `
  with gone as (delete from store_paths where id = any ($1) returning store_id, hash_part),
  told as (select store_id, array_agg(hash_part) as parts from gone group by store_id)
  select tell_substitutes(store_id, parts) from told`;

async function removeAll(client: Client, ids: readonly number[]): Promise<RemovedPaths> {
  if (ids.length === 0) return { paths: 0, bytes: 0 };
  const files = await client.query<{ key: string; size: number }>(readFiles, [ids]);
  for (const statement of removeDependents) await client.query(statement, [ids]);
  await client.query(removeRows, [ids]);
  return { paths: ids.length, bytes: await condemnFiles(client, files.rows) };
}
