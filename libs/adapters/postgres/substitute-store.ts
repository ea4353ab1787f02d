/**
 * Uploads and offered paths in Postgres. An offer locks the rows of its references against removal
 * until it is committed, so that a closure cannot lose a member while it is being completed.
 */
import type {
  Principal,
  SubstituteStore,
  UploadKey,
  UploadRefusal,
} from '#application/ports/substitute-store.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import { decideOffer, type Offer, type OfferRefusal } from '#domain/substitute/offer.js';
import type { NarFile, OfferedPath, UploadedNar } from '#domain/substitute/offered-path.js';
import { err, ok, type Result } from '#std/result.js';
import type { Client, Database, Prepared, Row } from './database.js';
import { welcomeElsewhere } from './adopted-paths.js';
import {
  addSignatures,
  digestOf,
  findOffered,
  findUpload,
  forgetUpload,
  lockReferences,
  noteDifference,
  writeOffer,
} from './offer-rows.js';
import { tokenGood } from './token-store.js';

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
  readonly signatures: readonly string[];
}

interface RecordedRow extends Row {
  readonly known: boolean;
  readonly alive: boolean;
  /** The hash of an earlier upload of the same path by the same principal. */
  readonly before: string | null;
}

/** One that ran out stands until it is reaped: after an outage of ours its build is still live. */
const leaseAlive = `exists (select 1 from leases where attempt_id = $1 and fence = $2)`;

const askLease: Prepared = { name: 'ask-lease', text: `select ${leaseAlive} as alive` };

/** Whoever offers or uploads by a token holds it good until the commit. */
const mayWrite = `t.access = 'write' and ${tokenGood}`;

/** One statement, since a farm uploads some output at every end of a build. */
const writeUpload: Prepared = {
  name: 'write-upload',
  text: `
  with place as (select id from stores where slug = $4),
  held as (select from access_tokens t where t.id = $12 and ${mayWrite} for share),
  allowed as (select ($1::bigint is null or ${leaseAlive})
                     and ($12::bigint is null or exists (select from held)) as alive),
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

const findPushedFile: Prepared = {
  name: 'find-pushed-file',
  text: `
  with place as (select id from stores where slug = $1)
  select u.file_key as "fileKey", u.file_size as "fileSize" from uploads u
    join place on place.id = u.store_id where u.principal = $2 and u.path = $3
  union all
  select n.file_key, n.file_size from nars n join store_paths p on p.id = n.path_id
    join place on place.id = p.store_id where n.file_key = $3 and p.withdrawn_at is null
  limit 1`,
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
    if (principal.kind === 'token') {
      const good = `select from access_tokens t where t.id = $1 and ${mayWrite}`;
      return (await this.database.query(good, [principal.token])).length > 0;
    }
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
      principal.kind === 'token' ? principal.token : null,
    ]);
    const { known, alive, before } = rows[0]!;
    if (!known) return err({ kind: 'unknown-store' });
    if (!alive) return err({ kind: principal.kind === 'token' ? 'token-ended' : 'lease-lapsed' });
    return ok(before === nar.narHash ? 'repeated' : 'recorded');
  }

  async offer(
    offer: Offer,
    key: UploadKey,
  ): Promise<Result<'offer' | 'known', OfferRefusal | UploadRefusal>> {
    return this.database.transaction(async (client) => {
      const store = await storeId(client, offer.slug);
      if (store === null) return err({ kind: 'unknown-store' });
      if (!(await holdToken(client, key))) return err({ kind: 'token-ended' });
      const place = { store, path: offer.path, principal: nameOf(key.principal), name: key.name };
      const upload = await findUpload(client, place);
      const facts = {
        offered: await findOffered(client, place),
        uploaded: upload,
        present: await lockReferences(client, store, offer.references),
      };
      const decided = decideOffer(offer, facts);
      if (decided.ok) {
        if (decided.value === 'offer') await writeOffer(client, place, offer);
        await addSignatures(client, place, offer.signatures);
        if (offer.signatures.length > 0) await welcomeElsewhere(client, { ...offer, store });
        // What was pushed may belong to more paths than one: it stays until it is old.
        if (upload && key.principal.kind === 'service') await forgetUpload(client, place);
      } else if (decided.error.kind === 'other-bytes-offered') {
        const hashes = { offered: decided.error.offered.narHash, other: offer.narHash };
        await noteDifference(client, place, hashes);
      }
      return decided;
    });
  }

  async pushedFile(
    slug: string,
    { principal, name }: UploadKey,
  ): Promise<{ fileKey: FileKey; fileSize: number } | null> {
    const rows = await this.database.query<{ fileKey: FileKey; fileSize: number }>(findPushedFile, [
      ...[slug, nameOf(principal), name],
    ]);
    return rows[0] ?? null;
  }

  async lookup(slug: string, hashPart: string): Promise<OfferedPath | null> {
    const rows = await this.database.query<OfferedRow>(
      `select p.id, s.dir, p.path, p.nar_hash, p.nar_size, p.deriver, p.ca,
              array(select r.reference from store_path_references r
                    where r.path_id = p.id order by r.reference collate "C") as references,
              (select json_agg(json_build_object('compression', n.compression,
                        'fileHash', n.file_hash, 'fileSize', n.file_size, 'fileKey', n.file_key)
                        order by n.compression desc)
                 from nars n where n.path_id = p.id) as files,
              array(select g.signature from path_signatures g
                    where g.path_id = p.id order by g.signature) as signatures
         from stores s join store_paths p on p.store_id = s.id
        where s.slug = $1 and p.hash_part = $2 and p.withdrawn_at is null`,
      [slug, hashPart],
    );
    return rows[0] ? offeredOf(rows[0]) : null;
  }
}

async function storeId(client: Client, slug: string): Promise<number | null> {
  const { rows } = await client.query<{ id: number }>('select id from stores where slug = $1', [
    slug,
  ]);
  return rows[0]?.id ?? null;
}

/** As the accept-report transaction names it too. */
function nameOf(principal: Principal): string {
  if (principal.kind === 'service') return 'service';
  return principal.kind === 'token' ? `token-${principal.token}` : `attempt-${principal.attempt}`;
}

/** A token that is revoked meanwhile waits until this is done, or has ended it before. */
async function holdToken(client: Client, { principal }: UploadKey): Promise<boolean> {
  if (principal.kind === 'service') return true;
  const { rows } = await client.query(
    `select from access_tokens t where t.id = $1 and ${mayWrite} for share`,
    [principal.token],
  );
  return rows.length > 0;
}

function offeredOf(row: OfferedRow): OfferedPath {
  const { id, dir, path, references, deriver, ca, signatures } = row;
  const files = row.files ?? [];
  return { id, dir, path, references, deriver, ca, ...digestOf(row), files, signatures };
}
