/**
 * What is offered, read from Postgres. Lookups are gathered: what is asked while a statement is
 * under way goes with the next one, so that the cost of one falls as more ask.
 */
import type {
  OfferedPaths,
  ReadPaths,
  ToldFile,
  ToldPath,
} from '#application/ports/offered-paths.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import type { Compression, NarFile } from '#domain/substitute/offered-path.js';
import type { Database, Prepared, Row } from './database.js';
import { Gathered } from './gathered.js';

interface PathRow extends Row {
  readonly id: number;
  readonly hash_part: string;
  readonly dir: string;
  readonly path: string;
  readonly nar_hash: string;
  readonly nar_size: number;
  readonly deriver: string | null;
  readonly ca: string | null;
  /** Milliseconds since 1970. */
  readonly offered: number;
  readonly references: string | null;
  readonly files: string | null;
  readonly signatures: string | null;
}

interface FileRow extends Row {
  readonly file_key: string;
  readonly compression: Compression;
  readonly file_hash: string;
  readonly file_size: number;
  readonly path: string;
}

/** Hash parts in one statement. */
const atOnce = 256;

/** Lists travel as texts: what stands in them has no blanks, and texts are quickly cut. */
const lookUp: Prepared = {
  name: 'look-up-offered',
  text: `
  with p as materialized (
    select id, hash_part, path, nar_hash, nar_size, deriver, ca, offered_at from store_paths
     where store_id = $1 and hash_part = any($2) and withdrawn_at is null),
  r as (
    select path_id, string_agg(reference, ' ' order by reference collate "C") as references
      from store_path_references where path_id = any(array(select id from p)) group by path_id),
  n as (
    select path_id, string_agg(concat_ws(' ', compression, file_hash, file_size, file_key), ' '
                               order by compression desc) as files
      from nars where path_id = any(array(select id from p)) group by path_id),
  g as (
    select path_id, string_agg(signature, ' ' order by signature) as signatures
      from path_signatures where path_id = any(array(select id from p)) group by path_id)
  select p.id, p.hash_part, s.dir, p.path, p.nar_hash, p.nar_size, p.deriver, p.ca,
         (extract(epoch from p.offered_at) * 1000)::bigint as offered,
         r.references, n.files, g.signatures
    from p join stores s on s.id = $1
    left join r on r.path_id = p.id left join n on n.path_id = p.id
    left join g on g.path_id = p.id`,
};

const findFile: Prepared = {
  name: 'find-offered-file',
  text: `
  select n.file_key, n.compression, n.file_hash, n.file_size, p.path
    from nars n join store_paths p on p.id = n.path_id
   where n.file_key = $2 and p.store_id = $1 and p.withdrawn_at is null limit 1`,
};

export class PostgresOfferedPaths implements OfferedPaths {
  private readonly stores = new Map<number, Gathered<string, ToldPath | null>>();

  constructor(private readonly database: Database) {}

  lookup(store: number, hashPart: string): Promise<ToldPath | null> {
    let gathered = this.stores.get(store);
    if (!gathered) {
      gathered = new Gathered((parts) => this.together(store, parts), atOnce);
      this.stores.set(store, gathered);
    }
    return gathered.ask(hashPart);
  }

  async file(store: number, fileKey: string): Promise<ToldFile | null> {
    const [row] = await this.database.query<FileRow>(findFile, [store, fileKey]);
    if (!row) return null;
    const { compression, path } = row;
    const file = { fileKey: row.file_key as FileKey, fileHash: row.file_hash };
    return { ...file, compression, fileSize: row.file_size, path };
  }

  async noteReads({ store, hashParts }: ReadPaths): Promise<void> {
    await this.database.execute(
      `update store_paths set read_at = now()
        where id in (select id from store_paths where store_id = $1 and hash_part = any($2)
                      order by hash_part for no key update skip locked)`,
      [store, hashParts],
    );
  }

  private async together(
    store: number,
    hashParts: readonly string[],
  ): Promise<(ToldPath | null)[]> {
    const rows = await this.database.byKeys<PathRow>(lookUp, [store, hashParts]);
    const found = new Map(rows.map((row) => [row.hash_part, row]));
    return hashParts.map((hashPart) => {
      const row = found.get(hashPart);
      return row ? toldOf(row) : null;
    });
  }
}

function toldOf(row: PathRow): ToldPath {
  const { id, dir, path, deriver, ca } = row;
  return {
    ...{ id, dir, path, deriver, ca, narHash: row.nar_hash, narSize: row.nar_size },
    references: row.references?.split(' ') ?? [],
    files: filesOf(row.files?.split(' ') ?? []),
    signatures: row.signatures?.split(' ') ?? [],
    offeredAt: row.offered,
  };
}

function filesOf(words: readonly string[]): NarFile[] {
  const files: NarFile[] = [];
  for (let i = 0; i + 3 < words.length; i += 4) {
    const [compression, fileHash, size, fileKey] = words.slice(i, i + 4);
    files.push({
      compression: compression as Compression,
      fileHash: fileHash!,
      fileSize: Number(size),
      fileKey: fileKey!,
    });
  }
  return files;
}
