/**
 * Fetched paths become offered here. As with every offer the rows of the references are locked
 * until the commit, so that a closure cannot lose a member while it is completed.
 */
import type { MirrorShelf } from '#application/ports/substitution-store.js';
import type { UploadedNar } from '#domain/substitute/offered-path.js';
import type { Offering } from '#domain/substitute/upstream.js';
import type { Client, Database } from './database.js';

const hashPartLength = 32;

export class PostgresMirrorShelf implements MirrorShelf {
  constructor(private readonly database: Database) {}

  keep(offering: Offering, nar: UploadedNar): Promise<boolean> {
    return this.database.transaction(async (client) => {
      const found = await client.query<{ id: number }>('select id from stores where slug = $1', [
        nar.slug,
      ]);
      const store = found.rows[0]?.id;
      if (store === undefined || !(await haveReferences(client, store, offering))) return false;
      await client.query('select forget_withdrawn($1, array[$2])', [store, hashPartOf(nar.path)]);
      await write(client, store, { offering, nar });
      return true;
    });
  }

  async disbelieve(slug: string, paths: readonly string[]): Promise<void> {
    await this.database.execute(
      `delete from upstream_paths
        where store_id = (select id from stores where slug = $1) and hash_part = any ($2)`,
      [slug, paths.map(hashPartOf)],
    );
  }
}

async function haveReferences(
  client: Client,
  store: number,
  { path, references }: Offering,
): Promise<boolean> {
  const needed = new Set(references.filter((reference) => reference !== path));
  if (needed.size === 0) return true;
  const { rows } = await client.query<{ path: string }>(
    `select path from store_paths
      where store_id = $1 and hash_part = any ($2) and withdrawn_at is null
      order by hash_part for key share`,
    [store, [...needed].map(hashPartOf).sort()],
  );
  for (const row of rows) needed.delete(row.path);
  return needed.size === 0;
}

/** What is offered already stays as it is. */
async function write(
  client: Client,
  store: number,
  { offering, nar }: { readonly offering: Offering; readonly nar: UploadedNar },
): Promise<void> {
  const { file } = nar;
  await client.query(
    `with offered as (
       insert into store_paths
         (store_id, hash_part, path, nar_hash, nar_size, deriver, ca, origin)
       values ($1, left($2, ${hashPartLength}), $2, $3, $4, $5, $6, 'mirrored')
       on conflict (store_id, hash_part) do nothing
       returning id),
     referred as (
       insert into store_path_references (path_id, reference)
       select distinct id, reference from offered, unnest($7::text[]) as reference)
     insert into nars (path_id, compression, file_hash, file_size, file_key)
     select id, $8, $9, $10, $11 from offered`,
    [
      ...[store, nar.path, nar.narHash, nar.narSize, offering.deriver, offering.ca],
      ...[offering.references, file.compression, file.fileHash, file.fileSize, file.fileKey],
    ],
  );
}

function hashPartOf(path: string): string {
  return path.slice(0, hashPartLength);
}
