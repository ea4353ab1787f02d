/** Paths that lack encodings, in Postgres: the backlog is what `nars` does not hold. */
import type {
  EncodablePath,
  EncodingStore,
  Lacking,
  Wish,
} from '#application/ports/encoding-store.js';
import { compressedName, type EncodedStore } from '#domain/substitute/encodings.js';
import type { NarFile } from '#domain/substitute/offered-path.js';
import type { Database, Row } from './database.js';

interface LackingRow extends Row {
  readonly id: number;
  readonly store: number;
  readonly path: string;
  readonly nar_hash: string;
  readonly nar_size: number;
  readonly files: readonly NarFile[] | null;
}

export class PostgresEncodingStore implements EncodingStore {
  constructor(private readonly database: Database) {}

  stores(): Promise<EncodedStore[]> {
    return this.database.query<EncodedStore & Row>(
      'select id, dir, encodings from stores order by id',
    );
  }

  async lacking(wishes: readonly Wish[], after: number, looked: number): Promise<Lacking> {
    const ids = `select id from store_paths where id > $1 order by id limit $2`;
    const [end] = await this.database.query<{ last: number | null }>(
      `select max(id) as last from (${ids}) t`,
      [after, looked],
    );
    const last = end?.last ?? null;
    if (last === null) return { paths: [], last };
    const rows = await this.database.query<LackingRow>(findLacking, [
      ...[after, last, compressedName],
      wishes.map(({ store }) => store),
      wishes.map(({ wanted }) => wanted.includes('gzip')),
      wishes.map(({ wanted }) => wanted.includes('lzip')),
    ]);
    return { paths: rows.map(pathOf), last };
  }

  add(path: EncodablePath, file: NarFile): Promise<boolean> {
    return this.database.transaction(async (client) => {
      const { compression, fileHash, fileSize, fileKey } = file;
      const { rowCount } = await client.query(
        `insert into nars (path_id, compression, file_hash, file_size, file_key)
         select id, $4, $5, $6, $7 from store_paths
          where id = $1 and path = $2 and nar_hash = $3 and withdrawn_at is null for key share
         on conflict (path_id, compression) do nothing`,
        [path.id, path.path, path.narHash, compression, fileHash, fileSize, fileKey],
      );
      if (rowCount !== 1) return false;
      const part = path.path.slice(0, 32);
      await client.query('select tell_substitutes($1, $2)', [path.store, [part]]);
      return true;
    });
  }
}

const has = (encoding: string): string =>
  `exists (select from nars where path_id = p.id and compression = '${encoding}')`;

const findLacking = `
  select p.id, p.store_id as store, p.path, p.nar_hash, p.nar_size,
         (select json_agg(json_build_object('compression', n.compression, 'fileHash', n.file_hash,
                            'fileSize', n.file_size, 'fileKey', n.file_key))
            from nars n where n.path_id = p.id) as files
    from unnest($4::bigint[], $5::boolean[], $6::boolean[]) w (store, gzip, lzip)
    join store_paths p on p.store_id = w.store
   where p.id > $1 and p.id <= $2 and p.withdrawn_at is null
     and case when p.path ~ $3 then not ${has('none')}
              else (w.gzip and not ${has('gzip')}) or (w.lzip and not ${has('lzip')}) end
   order by p.id`;

function pathOf(row: LackingRow): EncodablePath {
  const { id, store, path } = row;
  const digest = { narHash: row.nar_hash, narSize: row.nar_size };
  return { id, store, path, ...digest, files: row.files ?? [] };
}
