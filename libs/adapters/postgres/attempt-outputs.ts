/**
 * From the uploads of an attempt to offered paths, inside the transaction that ends the attempt:
 * when it commits, the narinfo is visible. What is offered already stays as it is.
 */
import type { AttemptId } from '#domain/ids.js';
import type { OutputFacts, ReportedPath } from '#domain/build/judge-report.js';
import type { Client, Row } from './database.js';

/** Whose outputs, and where they go. */
export interface OutputsOf {
  readonly attempt: AttemptId;
  /** Also the derivation's id. */
  readonly build: number;
  readonly store: number;
  /** Base name of the `.drv`. */
  readonly deriver: string;
}

interface HashRow extends Row {
  path: string;
  nar_hash: string;
}

export async function readOutputFacts(
  client: Client,
  place: OutputsOf,
  reported: readonly ReportedPath[],
): Promise<OutputFacts> {
  const expected = await client.query<{ name: string; path: string | null }>(
    'select name, path from outputs where derivation_id = $1 order by name',
    [place.build],
  );
  const uploaded = await client.query<HashRow>(
    'select path, nar_hash from uploads where principal = $1 and store_id = $2',
    [principalOf(place), place.store],
  );
  const wanted = new Set(reported.flatMap((output) => [output.path, ...output.references]));
  // Shared locks keep what is referred to from being collected before this commits.
  const offered = await client.query<HashRow>(
    `select path, nar_hash from store_paths
      where store_id = $1 and hash_part = any ($2) and path = any ($3) order by id for key share`,
    [place.store, [...wanted].map(hashPart), [...wanted]],
  );
  return {
    expected: expected.rows,
    uploaded: hashesOf(uploaded.rows),
    offered: hashesOf(offered.rows),
  };
}

/** Offers what is not offered yet, in the order of paths, and lets every output know its path. */
export async function offerOutputs(
  client: Client,
  place: OutputsOf,
  reported: readonly ReportedPath[],
): Promise<void> {
  const made = await insertPaths(client, place, reported);
  const fresh = reported.filter((output) => made.has(output.path));
  const references = fresh.flatMap((output) =>
    [...new Set(output.references)].map((reference) => ({ of: made.get(output.path), reference })),
  );
  await client.query(
    `insert into store_path_references (path_id, reference)
     select * from unnest($1::bigint[], $2::text[])`,
    [references.map((one) => one.of), references.map((one) => one.reference)],
  );
  await client.query(
    `insert into nars (path_id, compression, file_hash, file_size, file_key)
     select p.id, u.compression, u.file_hash, u.file_size, u.file_key
       from store_paths p join uploads u on u.store_id = p.store_id and u.path = p.path
      where p.id = any ($1) and u.principal = $2`,
    [[...made.values()], principalOf(place)],
  );
  await client.query(
    `update outputs o set path = r.path from unnest($2::text[], $3::text[]) r (name, path)
      where o.derivation_id = $1 and o.name = r.name and o.path is distinct from r.path`,
    [place.build, reported.map((output) => output.name), reported.map((output) => output.path)],
  );
}

/** Path → id of those that this call made; sorted, so that two attempts never wait crosswise. */
async function insertPaths(
  client: Client,
  place: OutputsOf,
  reported: readonly ReportedPath[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ id: number; path: string }>(
    `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, deriver, attempt_id)
     select store_id, left(path, 32), path, nar_hash, nar_size, $3, $4 from uploads
      where principal = $1 and store_id = $2 and path = any ($5)
      order by path
     on conflict (store_id, hash_part) do nothing returning id, path`,
    [
      principalOf(place),
      place.store,
      place.deriver,
      place.attempt,
      reported.map((output) => output.path),
    ],
  );
  return new Map(rows.map((row) => [row.path, row.id]));
}

function hashesOf(rows: readonly HashRow[]): ReadonlyMap<string, string> {
  return new Map(rows.map((row) => [row.path, row.nar_hash]));
}

function hashPart(path: string): string {
  return path.slice(0, 32);
}

function principalOf(place: OutputsOf): string {
  return `attempt-${place.attempt}`;
}
