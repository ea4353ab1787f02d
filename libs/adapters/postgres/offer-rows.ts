/** The rows that an offer reads and writes, all in the transaction of its client. */
import type { Offer } from '#domain/substitute/offer.js';
import type { NarDigest } from '#domain/substitute/offered-path.js';
import type { Client, Row } from './database.js';

interface UploadRow extends Row {
  readonly nar_hash: string;
  readonly nar_size: number;
}

const hashPartLength = 32;
/** The state that makes a transaction run again. */
const retried = { code: '40001' };

/** A path that is being offered, and the upload that it comes from. */
export interface Place {
  readonly store: number;
  readonly path: string;
  /** As in uploads. */
  readonly principal: string;
  readonly name: string;
}

export async function findOffered(client: Client, place: Place): Promise<NarDigest | null> {
  const { rows } = await client.query<UploadRow>(
    `select nar_hash, nar_size from store_paths
      where store_id = $1 and hash_part = $2 and withdrawn_at is null for key share`,
    [place.store, place.path.slice(0, hashPartLength)],
  );
  return rows[0] ? digestOf(rows[0]) : null;
}

/**
 * A client that pushes does not send a file that the store has already: then what is known of the
 * file stands for its upload.
 */
export async function findUpload(client: Client, place: Place): Promise<NarDigest | null> {
  const { rows } = await client.query<UploadRow>(
    `select nar_hash, nar_size from uploads
      where principal = $1 and store_id = $2 and path = $3 for update`,
    [place.principal, place.store, place.name],
  );
  if (rows[0]) return digestOf(rows[0]);
  if (place.name === place.path) return null;
  const served = await client.query<UploadRow>(
    `with known as (
       select p.nar_hash, p.nar_size, n.compression, n.file_hash, n.file_size, n.file_key
         from nars n join store_paths p on p.id = n.path_id
        where n.file_key = $3 and p.store_id = $2 and p.withdrawn_at is null limit 1)
     insert into uploads (principal, store_id, path, nar_hash, nar_size,
                          compression, file_hash, file_size, file_key)
     select $1, $2, $3, known.* from known returning nar_hash, nar_size`,
    [place.principal, place.store, place.name],
  );
  return served.rows[0] ? digestOf(served.rows[0]) : null;
}

/** A store that relies on its upstreams leaves to them what they are believed to have. */
export async function lockReferences(
  client: Client,
  store: number,
  references: readonly string[],
): Promise<ReadonlySet<string>> {
  if (references.length === 0) return new Set();
  const hashParts = references.map((name) => name.slice(0, hashPartLength)).sort();
  const { rows } = await client.query<{ path: string }>(
    `select path from store_paths
      where store_id = $1 and hash_part = any($2) and withdrawn_at is null
      order by hash_part for key share`,
    [store, hashParts],
  );
  const relied = await client.query<{ path: string }>(
    `select p.path from upstream_paths p join stores s on s.id = p.store_id and s.mode = 'rely'
      where p.store_id = $1 and p.hash_part = any($2)`,
    [store, hashParts],
  );
  return new Set([...rows, ...relied.rows].map((row) => row.path));
}

/** When an attempt's report offered the path meanwhile, the transaction looks and decides again. */
export async function writeOffer(client: Client, place: Place, offer: Offer): Promise<void> {
  const { store, principal, name } = place;
  await client.query('select forget_withdrawn($1, array[left($2, 32)])', [store, offer.path]);
  const written = await client.query(
    `with upload as (
       select * from uploads where principal = $6 and store_id = $1 and path = $7
     ), offered as (
       insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, deriver, ca, origin)
       select $1, left($2, ${hashPartLength}), $2, nar_hash, nar_size, $3, $4, $8 from upload
       on conflict (store_id, hash_part) do nothing
       returning id
     ), referred as (
       insert into store_path_references (path_id, reference)
       select distinct id, reference from offered, unnest($5::text[]) as reference
     )
     insert into nars (path_id, compression, file_hash, file_size, file_key)
     select offered.id, compression, file_hash, file_size, file_key from offered, upload`,
    [
      ...[store, offer.path, offer.deriver, offer.ca, offer.references, principal, name],
      principal === 'service' ? 'source' : 'pushed',
    ],
  );
  if (written.rowCount === 0) throw Object.assign(new Error('offered meanwhile'), retried);
}

/** More signatures of an offered path are told at once. */
export async function addSignatures(
  client: Client,
  { store, path }: Place,
  signatures: readonly string[],
): Promise<void> {
  if (signatures.length === 0) return;
  const part = path.slice(0, hashPartLength);
  const added = await client.query(
    `insert into path_signatures (path_id, signature)
     select p.id, s from store_paths p, unnest($3::text[]) s
      where p.store_id = $1 and p.hash_part = $2
     on conflict do nothing`,
    [store, part, signatures],
  );
  if (added.rowCount === 0) return;
  await client.query('select tell_substitutes($1, array[$2])', [store, part]);
}

/** The offered bytes stay; that there are others is kept for whoever asks for the build. */
export async function noteDifference(
  client: Client,
  { store, path, principal }: Place,
  hashes: { readonly offered: string; readonly other: string },
): Promise<void> {
  await client.query(
    `insert into differing_nars (store_id, path, offered_hash, other_hash, principal)
     values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [store, path, hashes.offered, hashes.other, principal],
  );
}

export async function forgetUpload(
  client: Client,
  { principal, store, name }: Place,
): Promise<void> {
  await client.query('delete from uploads where principal = $1 and store_id = $2 and path = $3', [
    ...[principal, store, name],
  ]);
}

export function digestOf(row: UploadRow): NarDigest {
  return { narHash: row.nar_hash, narSize: row.nar_size };
}
