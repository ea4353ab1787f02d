/** Upstreams as an operator sees and changes them. */
import type { UpstreamAnswer, UpstreamList, UpstreamRequest } from '#protocol/api/upstream.js';
import type { UpstreamId } from '#domain/substitute/upstream.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

interface CatalogRow extends Row {
  readonly id: number;
  readonly slug: string;
  readonly url: string;
  readonly public_keys: string[];
  readonly position: number;
  readonly timeout_seconds: number;
  readonly answered_at: Date | null;
  readonly failing_since: Date | null;
  readonly fault: string | null;
  readonly believed: number;
}

/** An address stands once for a store. */
export type Added = { readonly id: UpstreamId } | 'unknown-store' | 'known';

export class UpstreamCatalog {
  constructor(private readonly database: Database) {}

  async list(): Promise<UpstreamList> {
    const rows = await this.database.query<CatalogRow>(
      `select u.*, s.slug,
              (select count(*) from upstream_paths p where p.upstream_id = u.id) as believed
         from upstreams u join stores s on s.id = u.store_id
        where u.removed_at is null order by s.slug, u.position, u.id`,
    );
    const waiting = await this.database.query<{ count: number }>(
      'select count(*) as count from substitutions',
    );
    return { items: rows.map(answerOf), fetching: waiting[0]?.count ?? 0 };
  }

  async directoryOf(slug: string): Promise<string | null> {
    const rows = await this.database.query<{ dir: string }>(
      'select dir from stores where slug = $1',
      [slug],
    );
    return rows[0]?.dir ?? null;
  }

  async add(request: UpstreamRequest): Promise<Added> {
    const { store, url, publicKeys, position, timeoutSeconds } = request;
    const rows = await this.database.query<{ id: number | null }>(
      `with place as (select id from stores where slug = $1),
       added as (
         insert into upstreams (store_id, url, public_keys, position, timeout_seconds)
         select id, $2, $3, $4, $5 from place
         on conflict (store_id, url) where removed_at is null do nothing
         returning id)
       select (select id from added) as id from place`,
      [store, url, publicKeys, position, timeoutSeconds],
    );
    const [row] = rows;
    if (!row) return 'unknown-store';
    return row.id === null ? 'known' : { id: row.id };
  }

  /** What was believed of it is asked anew, of the others. */
  async remove(upstream: UpstreamId): Promise<boolean> {
    const removed = await this.database.execute(
      `with gone as (
         update upstreams set removed_at = now() where id = $1 and removed_at is null
         returning id),
       aged as (
         update upstream_paths p set seen_at = '-infinity' from gone g
          where p.upstream_id = g.id)
       select id from gone`,
      [upstream],
    );
    return removed === 1;
  }
}

function answerOf(row: CatalogRow): UpstreamAnswer {
  return {
    id: String(row.id),
    store: row.slug,
    url: row.url,
    publicKeys: row.public_keys,
    position: row.position,
    timeoutSeconds: row.timeout_seconds,
    answeredAt: row.answered_at && iso(row.answered_at),
    failingSince: row.failing_since && iso(row.failing_since),
    fault: row.fault,
    believed: row.believed,
  };
}
