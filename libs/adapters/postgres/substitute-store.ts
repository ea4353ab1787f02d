/**
 * Uploads and offered paths in Postgres. An offer locks the rows of its references against removal
 * until it is committed, so that a closure cannot lose a member while it is being completed.
 */
import type {
  Principal,
  SubstituteStore,
  UploadRefusal,
} from '#application/ports/substitute-store.js';
import { decideOffer, type Offer, type OfferRefusal } from '#domain/substitute/offer.js';
import type {
  NarDigest,
  NarFile,
  OfferedPath,
  UploadedNar,
} from '#domain/substitute/offered-path.js';
import { err, ok, type Result } from '#std/result.js';
import type { Client, Database, Prepared, Row } from './database.js';

interface OfferedRow extends Row {
  readonly id: number;
  readonly dir: string;
  readonly path: string;
  readonly nar_hash: string;
  readonly nar_size: number;
  readonly deriver: string | null;
  readonly ca: string | null;
  readonly references: readonly string[];
  readonly files: readonly NarFile[] | null;
}

interface RecordedRow extends Row {
  readonly known: boolean;
  readonly alive: boolean;
  /** The hash of an earlier upload of the same path by the same principal. */
  readonly before: string | null;
}

interface UploadRow extends Row {
  readonly nar_hash: string;
  readonly nar_size: number;
}

const hashPartLength = 32;
/** The state that makes a transaction run again. */
const retried = { code: '40001' };
/** One that ran out stands until it is reaped: after an outage of ours its build is still live. */
const leaseAlive = `exists (select 1 from leases where attempt_id = $1 and fence = $2)`;

const askLease: Prepared = { name: 'ask-lease', text: `select ${leaseAlive} as alive` };

/** One statement, since a farm uploads some output at every end of a build. */
const writeUpload: Prepared = {
  name: 'write-upload',
  text: `
  with place as (select id from stores where slug = $4),
  allowed as (select $1::bigint is null or ${leaseAlive} as alive),
  before as (
    select u.nar_hash from uploads u join place on place.id = u.store_id
     where u.principal = $3 and u.path = $5),
  written as (
    insert into uploads (principal, store_id, path, nar_hash, nar_size,
                         compression, file_hash, file_size, file_key)
    select $3, place.id, $5, $6, $7, $8, $9, $10, $11 from place, allowed where alive
    on conflict (principal, store_id, path) do update
       set nar_hash = excluded.nar_hash, nar_size = excluded.nar_size,
           compression = excluded.compression, file_hash = excluded.file_hash,
           file_size = excluded.file_size, file_key = excluded.file_key, created_at = now())
  select exists (select 1 from place) as known, alive, (select nar_hash from before) as before
    from allowed`,
};

export class PostgresSubstituteStore implements SubstituteStore {
  /** Stores never move, so what was found once is known. */
  private readonly directories = new Map<string, string>();

  constructor(private readonly database: Database) {}

  async directory(slug: string): Promise<string | null> {
    const known = this.directories.get(slug);
    if (known !== undefined) return known;
    const rows = await this.database.query<{ dir: string }>(
      'select dir from stores where slug = $1',
      [slug],
    );
    const directory = rows[0]?.dir ?? null;
    if (directory !== null) this.directories.set(slug, directory);
    return directory;
  }

  async mayUpload(principal: Principal): Promise<boolean> {
    if (principal.kind === 'service') return true;
    const { attempt, fence } = principal;
    const rows = await this.database.query<{ alive: boolean }>(askLease, [attempt, fence]);
    return rows[0]?.alive ?? false;
  }

  async recordUpload(
    principal: Principal,
    nar: UploadedNar,
  ): Promise<Result<'recorded' | 'repeated', UploadRefusal>> {
    const { file } = nar;
    const [attempt, fence] =
      principal.kind === 'attempt' ? [principal.attempt, principal.fence] : [null, null];
    const rows = await this.database.query<RecordedRow>(writeUpload, [
      ...[attempt, fence, nameOf(principal), nar.slug, nar.path, nar.narHash, nar.narSize],
      ...[file.compression, file.fileHash, file.fileSize, file.fileKey],
    ]);
    const { known, alive, before } = rows[0]!;
    if (!known) return err({ kind: 'unknown-store' });
    if (!alive) return err({ kind: 'lease-lapsed' });
    return ok(before === nar.narHash ? 'repeated' : 'recorded');
  }

  async offer(offer: Offer): Promise<Result<'offer' | 'known', OfferRefusal>> {
    return this.database.transaction(async (client) => {
      const store = await storeId(client, offer.slug);
      if (store === null) return err({ kind: 'not-uploaded' });
      const place = { store, path: offer.path };
      const upload = await findUpload(client, place);
      const facts = {
        offered: await findOffered(client, place),
        uploaded: upload ? digestOf(upload) : null,
        present: await lockReferences(client, store, offer.references),
      };
      const decided = decideOffer(offer, facts);
      if (decided.ok && decided.value === 'offer') await writeOffer(client, store, offer);
      if (decided.ok && upload) await forgetUpload(client, place);
      return decided;
    });
  }

  async lookup(slug: string, hashPart: string): Promise<OfferedPath | null> {
    const rows = await this.database.query<OfferedRow>(
      `select p.id, s.dir, p.path, p.nar_hash, p.nar_size, p.deriver, p.ca,
              array(select r.reference from store_path_references r
                    where r.path_id = p.id order by r.reference collate "C") as references,
              (select json_agg(json_build_object('compression', n.compression,
                        'fileHash', n.file_hash, 'fileSize', n.file_size, 'fileKey', n.file_key)
                        order by n.compression desc)
                 from nars n where n.path_id = p.id) as files
         from stores s join store_paths p on p.store_id = s.id
        where s.slug = $1 and p.hash_part = $2 and p.withdrawn_at is null`,
      [slug, hashPart],
    );
    return rows[0] ? offeredOf(rows[0]) : null;
  }

  async fileSize(slug: string, fileKey: string): Promise<number | null> {
    const rows = await this.database.query<{ file_size: number }>(
      `select n.file_size from nars n
         join store_paths p on p.id = n.path_id
         join stores s on s.id = p.store_id
        where n.file_key = $2 and s.slug = $1 and p.withdrawn_at is null limit 1`,
      [slug, fileKey],
    );
    return rows[0]?.file_size ?? null;
  }
}

interface Place {
  readonly store: number;
  readonly path: string;
}

async function storeId(client: Client, slug: string): Promise<number | null> {
  const { rows } = await client.query<{ id: number }>('select id from stores where slug = $1', [
    slug,
  ]);
  return rows[0]?.id ?? null;
}

/** As the accept-report transaction names it too. */
function nameOf(principal: Principal): string {
  return principal.kind === 'service' ? 'service' : `attempt-${principal.attempt}`;
}

async function findOffered(client: Client, place: Place): Promise<NarDigest | null> {
  const { rows } = await client.query<UploadRow>(
    `select nar_hash, nar_size from store_paths
      where store_id = $1 and hash_part = $2 and withdrawn_at is null for key share`,
    [place.store, place.path.slice(0, hashPartLength)],
  );
  return rows[0] ? digestOf(rows[0]) : null;
}

async function findUpload(client: Client, place: Place): Promise<UploadRow | null> {
  const { rows } = await client.query<UploadRow>(
    `select nar_hash, nar_size from uploads
      where principal = 'service' and store_id = $1 and path = $2 for update`,
    [place.store, place.path],
  );
  return rows[0] ?? null;
}

async function lockReferences(
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
  return new Set(rows.map((row) => row.path));
}

/** When an attempt's report offered the path meanwhile, the transaction looks and decides again. */
async function writeOffer(client: Client, store: number, offer: Offer): Promise<void> {
  await client.query('select forget_withdrawn($1, array[left($2, 32)])', [store, offer.path]);
  const written = await client.query(
    `with upload as (
       select * from uploads where principal = 'service' and store_id = $1 and path = $2
     ), offered as (
       insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, deriver, ca)
       select $1, left($2, ${hashPartLength}), $2, nar_hash, nar_size, $3, $4 from upload
       on conflict (store_id, hash_part) do nothing
       returning id
     ), referred as (
       insert into store_path_references (path_id, reference)
       select distinct id, reference from offered, unnest($5::text[]) as reference
     )
     insert into nars (path_id, compression, file_hash, file_size, file_key)
     select offered.id, compression, file_hash, file_size, file_key from offered, upload`,
    [store, offer.path, offer.deriver, offer.ca, offer.references],
  );
  if (written.rowCount === 0) throw Object.assign(new Error('offered meanwhile'), retried);
}

async function forgetUpload(client: Client, place: Place): Promise<void> {
  await client.query(
    `delete from uploads where principal = 'service' and store_id = $1 and path = $2`,
    [place.store, place.path],
  );
}

function digestOf(row: UploadRow): NarDigest {
  return { narHash: row.nar_hash, narSize: row.nar_size };
}

function offeredOf(row: OfferedRow): OfferedPath {
  const { id, dir, path, references, deriver, ca } = row;
  return { id, dir, path, references, deriver, ca, ...digestOf(row), files: row.files ?? [] };
}
