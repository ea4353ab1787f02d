/** What is offered and what was found of it, in Postgres. */
import type {
  BrokenPath,
  Finder,
  Finding,
  IntegrityStore,
  NamedFile,
  Page,
  Selection,
  Withdrawal,
} from '#application/ports/integrity-store.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import type { PathToCheck } from '#domain/substitute/integrity.js';
import type { NarFile } from '#domain/substitute/offered-path.js';
import type { Client, Database, Row } from './database.js';
import { holdSeconds, substituted, wishFetches } from './ingest-fates.js';
import { scheduleLost } from './scheduled-again.js';

interface PathRow extends Row {
  readonly id: number;
  readonly store: number;
  readonly slug: string;
  readonly path: string;
  readonly nar_hash: string;
  readonly nar_size: number;
  readonly files: readonly NarFile[] | null;
  readonly absent: readonly string[];
}

/** A store that relies on its upstreams may refer to what they have. */
const columns = `
  p.id, p.store_id as store, s.slug, p.path, p.nar_hash, p.nar_size,
  (select json_agg(json_build_object('compression', n.compression, 'fileHash', n.file_hash,
                     'fileSize', n.file_size, 'fileKey', n.file_key) order by n.compression desc)
     from nars n where n.path_id = p.id) as files,
  case when s.mode = 'rely' then '{}'::text[] else array(
    select r.reference from store_path_references r
     where r.path_id = p.id and not exists (
       select from store_paths q
        where q.store_id = p.store_id and q.hash_part = left(r.reference, 32)
          and q.path = r.reference and q.withdrawn_at is null)
     order by r.reference collate "C") end as absent`;
const offeredPaths = `from store_paths p join stores s on s.id = p.store_id
  where p.withdrawn_at is null`;
/** A number from 0 to 9999 that has nothing to do with the order of the ids. */
const lot = `(hashint8extended(p.id, $5) & 1048575) % 10000`;

export class PostgresIntegrityStore implements IntegrityStore {
  constructor(private readonly database: Database) {}

  async offered(selection: Selection, { after, limit }: Page): Promise<PathToCheck[]> {
    const { store, share, seed } = selection;
    const rows = await this.database.query<PathRow>(
      `select ${columns} ${offeredPaths}
          and p.id > $1 and ($3::bigint is null or p.store_id = $3) and ${lot} < $4
        order by p.id limit $2`,
      [after, limit, store, share, seed],
    );
    return rows.map(pathOf);
  }

  async holding(fileKey: string): Promise<PathToCheck[]> {
    const rows = await this.database.query<PathRow>(
      `select ${columns} ${offeredPaths}
          and p.id in (select path_id from nars where file_key = $1) order by p.id`,
      [fileKey],
    );
    return rows.map(pathOf);
  }

  async tell(finder: Finder, findings: readonly Finding[]): Promise<void> {
    await this.database.query(
      writeFindings,
      findingValues(finder, findings, { done: 'told', build: null }),
    );
  }

  takeBack(finder: Finder, broken: BrokenPath): Promise<readonly Withdrawal[]> {
    return this.database.transaction((client) => takeBack(client, finder, broken));
  }

  async unnamed(files: readonly FileKey[]): Promise<FileKey[]> {
    const rows = await this.database.query<{ key: FileKey }>(
      `select t.key from unnest($1::text[]) t (key)
        where not exists (select from nars where file_key = t.key)
          and not exists (select from uploads where file_key = t.key)
          and not exists (select from build_products where file_key = t.key)
          and not exists (select from derivation_packs where t.key = hash || '.pack.zst')
          and not exists (select from condemned_files where file_key = t.key)`,
      [files],
    );
    return rows.map(({ key }) => key);
  }

  otherFiles(after: string, limit: number): Promise<NamedFile[]> {
    return this.database.query<NamedFile & Row>(
      `select "fileKey", size, store, "of" from (
         select hash || '.pack.zst' as "fileKey", size, store_id as store, 'pack' as "of"
           from derivation_packs
         union all
         select file_key, file_size, store_id, 'upload' from uploads
         union all
         select b.file_key, b.size, d.store_id, 'product'
           from build_products b join derivations d on d.id = b.build_id
          where b.file_key is not null) f
        where "fileKey" collate "C" > $1 order by "fileKey" collate "C" limit $2`,
      [after, limit],
    );
  }
}

const writeFindings = `
  insert into store_findings
    (found_by, verification_id, store_id, path, file_key, kind, detail, done, build_id)
  select $1, $2, t.store, t.path, t.file_key, t.kind, t.detail, $3, $4
    from unnest($5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[])
           t (store, path, file_key, kind, detail)`;

interface Done {
  readonly done: 'told' | 'dropped' | 'withdrawn';
  readonly build: number | null;
}

function findingValues(
  finder: Finder,
  findings: readonly Finding[],
  { done, build }: Done,
): unknown[] {
  const verification = finder.by === 'verification' ? finder.verification : null;
  return [
    ...[finder.by, verification, done, build],
    findings.map((one) => one.store),
    findings.map((one) => one.path),
    findings.map((one) => one.fileKey),
    findings.map((one) => one.kind),
    findings.map((one) => one.detail),
  ];
}

interface PlaceRow extends Row {
  readonly store_id: number;
  readonly path: string;
}

/** Locks the path against offers that refer to it, and looks whether it is as it was seen. */
async function takeBack(
  client: Client,
  finder: Finder,
  { id, path, brokenFiles, findings }: BrokenPath,
): Promise<Withdrawal[]> {
  const { rows } = await client.query<PlaceRow>(
    `select store_id, path from store_paths
      where id = $1 and path = $2 and withdrawn_at is null for update`,
    [id, path],
  );
  const place = rows[0];
  if (!place) return [];
  const dropped = await client.query(
    'delete from nars where path_id = $1 and file_key = any ($2)',
    [id, brokenFiles],
  );
  await client.query('delete from uploads where file_key = any ($1)', [brokenFiles]);
  const left = await client.query('select from nars where path_id = $1', [id]);
  if (brokenFiles.length > 0 && dropped.rowCount === 0) return [];
  const withdrawn = left.rowCount === 0 ? await withdraw(client, place) : [];
  const done = withdrawn.length > 0 ? 'withdrawn' : 'dropped';
  const build = withdrawn[0]?.build ?? null;
  await client.query(writeFindings, findingValues(finder, findings, { done, build }));
  const told = withdrawn.length > 0 ? withdrawn : [{ path, build: null }];
  const parts = told.map((one) => one.path.slice(0, 32));
  await client.query('select tell_substitutes($1, $2)', [place.store_id, parts]);
  return withdrawn;
}

/**
 * With it goes what the same derivation made beside it: a build that is not reproducible would
 * otherwise never be able to put its outputs together again.
 */
async function withdraw(
  client: Client,
  { store_id: store, path }: PlaceRow,
): Promise<Withdrawal[]> {
  const { rows: makers } = await client.query<MakerRow>(
    `select b.id, b.reason is not distinct from '${substituted}' as fetched
       from outputs o join builds b on b.id = o.derivation_id
      where o.store_id = $1 and o.path = $2 and b.status = 'succeeded' order by b.id`,
    [store, path],
  );
  const builds = makers.map((row) => row.id);
  const { rows } = await client.query<{ path: string }>(
    `update store_paths p
        set withdrawn_at = now(),
            withdrawn_reason = case when p.path = $2 then 'broken' else 'made with ' || $2 end
      where p.store_id = $1 and p.withdrawn_at is null and (p.path = $2 or p.path in (
        select path from outputs where derivation_id = any ($3) and store_id = $1))
     returning p.path`,
    [store, path, builds],
  );
  await bringBack(client, store, makers);
  return rows.map((row) => ({ path: row.path, build: builds[0] ?? null }));
}

interface MakerRow extends Row {
  readonly id: number;
  /** It was not built here: an upstream had it. */
  readonly fetched: boolean;
}

const holdAgain = `
  update builds
     set status = 'scheduled', reason = null, generation = generation + 1, ended_at = null,
         not_before = now() + make_interval(secs => $2), scheduled_at = now()
   where id = any ($1) and status = 'succeeded'`;

/** What an upstream had is fetched again; when none has it any more, it is built after all. */
async function bringBack(
  client: Client,
  store: number,
  makers: readonly MakerRow[],
): Promise<void> {
  const built = makers.filter(({ fetched }) => !fetched).map(({ id }) => id);
  const fetched = makers.filter((maker) => maker.fetched).map(({ id }) => id);
  if (built.length > 0) await client.query(scheduleLost, [built]);
  if (fetched.length === 0) return;
  await client.query(holdAgain, [fetched, holdSeconds]);
  await wishFetches(client, store, new Map(fetched.map((build) => [build, true])));
}

function pathOf(row: PathRow): PathToCheck {
  const { id, store, slug, path, absent } = row;
  const digest = { narHash: row.nar_hash, narSize: row.nar_size };
  return { id, store, slug, path, absent, ...digest, files: row.files ?? [] };
}
