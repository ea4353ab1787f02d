/**
 * Files without a row. They are condemned in the transaction that removes the last row which names
 * them, and unlinked later: by then every transaction that may have named them anew has ended, and
 * one that begins meanwhile lifts it by a trigger, or waits until the file is gone.
 */
import type { CondemnedFile, CondemnedFiles } from '#application/ports/garbage-store.js';
import type { Client, Database, Row } from './database.js';

interface Sized {
  readonly key: string;
  readonly size: number;
}

const unlinkedAtOnce = 100;

/** SQL: as the function is_named_file says it of one key `f.key`, for many at once. */
const isNamed = `(
  exists (select from nars n where n.file_key = f.key)
  or exists (select from uploads u where u.file_key = f.key)
  or exists (select from build_products b where b.file_key = f.key)
  or (f.key like '%.pack.zst'
      and exists (select from derivation_packs d where d.hash = left(f.key, 64))))`;

/** Answers the bytes of those that no row names. */
export async function condemnFiles(client: Client, files: readonly Sized[]): Promise<number> {
  if (files.length === 0) return 0;
  const { rows } = await client.query<{ bytes: number }>(
    `with condemned as (
       insert into condemned_files (file_key, kind, size)
       select distinct on (f.key) f.key, 'nar', f.size
         from unnest($1::text[], $2::bigint[]) f (key, size) where not ${isNamed}
       on conflict do nothing returning size)
     select coalesce(sum(size), 0)::bigint as bytes from condemned`,
    columnsOf(files),
  );
  return rows[0]?.bytes ?? 0;
}

/** A log has one owner, which is gone. */
export async function condemnLogs(client: Client, logs: readonly Sized[]): Promise<void> {
  if (logs.length === 0) return;
  await client.query(
    `insert into condemned_files (file_key, kind, size)
     select l.key, 'log', l.size from unnest($1::text[], $2::bigint[]) l (key, size)
     on conflict do nothing`,
    columnsOf(logs),
  );
}

function columnsOf(files: readonly Sized[]): [string[], number[]] {
  return [files.map((file) => file.key), files.map((file) => file.size)];
}

interface CondemnedRow extends Row {
  readonly key: string;
  readonly kind: CondemnedFile['kind'];
}

export class PostgresCondemnedFiles implements CondemnedFiles {
  constructor(private readonly database: Database) {}

  unlinkSome(
    olderThanSeconds: number,
    unlink: (file: CondemnedFile) => Promise<void>,
  ): Promise<number> {
    return this.database.transaction(async (client) => {
      const { rows } = await client.query<CondemnedRow>(
        `select file_key as key, kind from condemned_files
          where condemned_at <= now() - make_interval(secs => $1)
          order by condemned_at, file_key limit ${unlinkedAtOnce} for update skip locked`,
        [olderThanSeconds],
      );
      if (rows.length === 0) return 0;
      const named = await namedAmong(client, rows);
      const done = [...named];
      for (const file of rows) {
        if (named.has(file.key)) continue;
        const isGone = await unlink(file).then(
          () => true,
          () => false,
        );
        if (isGone) done.push(file.key);
      }
      await client.query('delete from condemned_files where file_key = any ($1)', [done]);
      return done.length - named.size;
    });
  }

  condemn(files: readonly Sized[]): Promise<number> {
    return this.database.transaction((client) => condemnFiles(client, files));
  }
}

/** Looked at after the rows are locked. */
async function namedAmong(
  client: Client,
  files: readonly CondemnedFile[],
): Promise<ReadonlySet<string>> {
  const nars = files.filter((file) => file.kind === 'nar').map((file) => file.key);
  const { rows } = await client.query<{ key: string }>(
    'select key from unnest($1::text[]) f (key) where is_named_file(key)',
    [nars],
  );
  return new Set(rows.map((row) => row.key));
}
