/** Build products in Postgres. */
import type {
  ProductSource,
  ProductStore,
  TakenProduct,
  WishedProduct,
} from '#application/ports/product-store.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import type { NarFile } from '#domain/substitute/offered-path.js';
import { packOutputs } from '#domain/specification/selection.js';
import { parseHash, toHex } from '#formats/hash.js';
import { invariant } from '#std/invariant.js';
import type { Database, Row } from './database.js';

const evaluationsAtOnce = 20;
/** Seconds that one has for taking a product, and that a failure waits. */
const claimSeconds = 600;

interface ClaimedRow extends Row {
  id: number;
  path: string;
  has_output: boolean;
  path_id: number | null;
  dir: string;
  store_path: string;
  nar_hash: string;
  nar_size: number;
  files: NarFile[] | null;
}

export class PostgresProductStore implements ProductStore {
  constructor(private readonly database: Database) {}

  async wish(): Promise<number> {
    const [row] = await this.database.query<{ looked: number }>(wish, [
      evaluationsAtOnce,
      JSON.stringify(packOutputs),
    ]);
    return row?.looked ?? 0;
  }

  async claim(): Promise<WishedProduct | null> {
    const [row] = await this.database.query<ClaimedRow>(claim, [claimSeconds]);
    if (!row) return null;
    return { id: row.id, path: row.path, source: row.has_output ? sourceOf(row) : null };
  }

  async take(id: number, product: TakenProduct): Promise<boolean> {
    const { pathId, fileName, fileHash, fileSize, fileKey } = product;
    const hash = parseHash(fileHash);
    invariant(hash.ok, 'a staged file has a hash');
    const values = [id, pathId, fileName, fileSize, toHex(hash.value.digest), fileKey];
    const rows = await this.database.query(take, values);
    return rows.length === 1;
  }

  async refuse(id: number, why: string): Promise<void> {
    await this.database.query(
      'update build_products set refused = $2 where id = $1 and taken_at is null',
      [id, why],
    );
  }

  async giveBack(id: number, fileKey: FileKey): Promise<void> {
    await this.database.query(
      `update build_products
          set path_id = null, file_name = null, size = null, sha256 = null, file_key = null,
              taken_at = null, claimed_until = null
        where id = $1 and file_key = $2`,
      [id, fileKey],
    );
  }
}

function sourceOf(row: ClaimedRow): ProductSource {
  const { dir, store_path: storePath, nar_hash: narHash, nar_size: narSize } = row;
  invariant(row.path_id !== null, 'a claimed product has an offered output, or none at all');
  return { pathId: row.path_id, dir, storePath, narHash, narSize, files: row.files ?? [] };
}

/** Locked rows are being looked at by another. */
const wish = `
with due as (
  select e.id, v.document
    from evaluations e
    join specification_versions v
      on (v.specification_id, v.version) = (e.specification_id, e.specification_version)
   where e.products_wished_at is null and e.status <> 'started'
   order by e.id limit $1 for no key update of e skip locked),
wanted as materialized (
  select due.id as evaluation, w.*
    from due, jsonb_to_recordset(coalesce(
                due.document -> 'buildOutputs',
                case when due.document -> 'selection' ? 'packs' then $2::jsonb end))
                w (job text, type text, output text, path text)
   where is_pattern(w.job)),
wishes as (
  insert into build_products (build_id, type, output, path)
  select distinct j.build_id, w.type, w.output, w.path
    from wanted w
    join jobs j on j.evaluation_id = w.evaluation and j.build_id is not null
    join job_names n on n.id = j.name_id and n.name ~ w.job
  on conflict do nothing),
looked as (
  update evaluations set products_wished_at = now() where id in (select id from due) returning id)
select count(*)::int as looked from looked`;

/**
 * Those whose output is not offered wait, however long: it may be offered again. Encodings that can
 * be read here, the cheapest first.
 */
const claim = `
with next as (
  select p.id, p.path, o.name is not null as has_output, sp.id as path_id, s.dir,
         sp.path as store_path, sp.nar_hash, sp.nar_size
    from build_products p
    join builds b on b.id = p.build_id and b.status = 'succeeded'
    left join outputs o on o.derivation_id = p.build_id and o.name = p.output
    left join store_paths sp on sp.store_id = o.store_id and sp.hash_part = left(o.path, 32)
                            and sp.path = o.path and sp.withdrawn_at is null
    left join stores s on s.id = sp.store_id
   where p.taken_at is null and p.refused is null
     and (p.claimed_until is null or p.claimed_until < now())
     and (o.name is null or exists (
       select from nars n where n.path_id = sp.id and n.compression in ('none', 'zstd', 'gzip')))
   order by p.id limit 1 for no key update of p skip locked),
held as (
  update build_products p set claimed_until = now() + make_interval(secs => $1)
    from next where p.id = next.id)
select next.*, (
  select json_agg(json_build_object('compression', n.compression, 'fileHash', n.file_hash,
                    'fileSize', n.file_size, 'fileKey', n.file_key)
                  order by array_position(array['none', 'zstd', 'gzip'], n.compression))
    from nars n
   where n.path_id = next.path_id and n.compression in ('none', 'zstd', 'gzip')) as files
  from next`;

const take = `
with source as (select id from store_paths where id = $2 and withdrawn_at is null for key share)
update build_products p
   set path_id = source.id, file_name = $3, size = $4, sha256 = $5, file_key = $6,
       taken_at = now()
  from source
 where p.id = $1 and p.taken_at is null
returning p.id`;
