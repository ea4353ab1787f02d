/** The stores of the farm, as Postgres holds them. */
import type { StoreCatalog } from '#application/ports/store-catalog.js';
import type { Store } from '#domain/substitute/store.js';
import type { Database, Row } from './database.js';

interface StoreRow extends Row {
  readonly id: number;
  readonly slug: string;
  readonly dir: string;
  readonly kind: Store['kind'];
  readonly host: string | null;
  readonly mode: Store['mode'];
  readonly priority: number;
  readonly ttl_seconds: number;
  readonly private: boolean;
}

export class PostgresStoreCatalog implements StoreCatalog {
  constructor(private readonly database: Database) {}

  async all(): Promise<Store[]> {
    const rows = await this.database.query<StoreRow>(
      `select id, slug, dir, kind, host, mode, priority, ttl_seconds, private
         from stores order by slug collate "C"`,
      [],
    );
    return rows.map(({ ttl_seconds: ttlSeconds, ...store }) => ({ ...store, ttlSeconds }));
  }
}
