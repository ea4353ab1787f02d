/** Derivation packs in Postgres, and the last attempt of a derivation. */
import type { DerivationPack, PackStore } from '#application/ports/pack-store.js';
import { id, type AttemptId } from '#domain/ids.js';
import type { Database } from './database.js';

export class PostgresPackStore implements PackStore {
  constructor(private readonly database: Database) {}

  /**
   * A pack that was lost and comes again may have been compressed to another size. It counts as
   * new, since an evaluation is about to name it.
   */
  async record(pack: DerivationPack): Promise<number | null> {
    const rows = await this.database.query<{ id: number }>(
      `insert into derivation_packs (store_id, hash, size, derivation_count)
       select id, $2, $3, $4 from stores where slug = $1
       on conflict (store_id, hash) do update
          set size = excluded.size, created_at = now()
       returning id`,
      [pack.slug, pack.hash, pack.size, pack.derivations],
    );
    return rows[0]?.id ?? null;
  }

  async holding(slug: string, derivation: string): Promise<{ hash: string; size: number } | null> {
    const rows = await this.database.query<{ hash: string; size: number }>(
      `select p.hash, p.size from stores s
         join derivations d on d.store_id = s.id
         join derivation_packs p on p.id = d.pack_id
        where s.slug = $1 and d.path = $2`,
      [slug, derivation],
    );
    return rows[0] ?? null;
  }

  async lastAttempt(slug: string, derivation: string): Promise<AttemptId | null> {
    const rows = await this.database.query<{ id: number }>(
      `select a.id from stores s
         join derivations d on d.store_id = s.id
         join attempts a on a.build_id = d.id
        where s.slug = $1 and d.path = $2
        order by a.id desc limit 1`,
      [slug, derivation],
    );
    return rows[0] ? id<AttemptId>(rows[0].id) : null;
  }
}
