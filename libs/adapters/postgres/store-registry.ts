/** Stores in Postgres, as an operator adds and changes them; every substituter hears of it. */
import type {
  ManagedStore,
  NewStore,
  StoreChanges,
  StoreRegistry,
} from '#application/ports/store-registry.js';
import type { Client, Database, Row } from './database.js';

interface ManagedRow extends Row, Omit<ManagedStore, 'ttlSeconds' | 'trustedKeys'> {
  readonly ttl_seconds: number;
  readonly trusted_keys: readonly string[];
}

/** The state of a broken unique constraint. */
const taken = '23505';

export class PostgresStoreRegistry implements StoreRegistry {
  constructor(private readonly database: Database) {}

  async list(): Promise<ManagedStore[]> {
    const rows = await this.database.query<ManagedRow>(
      `select s.id, s.slug, s.dir, s.kind, s.host, s.mode, s.priority, s.ttl_seconds, s.private,
              s.trusted_keys, s.encodings
         from stores s order by s.slug collate "C"`,
    );
    return rows.map(({ ttl_seconds: ttlSeconds, trusted_keys: trustedKeys, ...store }) => ({
      ...{ ...store, ttlSeconds, trustedKeys },
    }));
  }

  async add(
    store: NewStore,
    changes: StoreChanges,
  ): Promise<'added' | 'slug-taken' | 'host-taken'> {
    const { slug, dir, kind } = store;
    const host = changes.host ?? null;
    const done = await this.database
      .transaction(async (client) => {
        const { rows } = await client.query<{ id: number }>(
          `insert into stores (slug, dir, key, kind, host) values ($1, $2, 'main', $3, $4)
           on conflict (slug) do nothing returning id`,
          [slug, dir, kind, host],
        );
        if (!rows[0]) return 'slug-taken';
        await write(client, slug, changes);
        return 'added';
      })
      .catch(hostTaken);
    return done as 'added' | 'slug-taken' | 'host-taken';
  }

  async ensureUntrusted({ slug, dir }: { slug: string; dir: string }): Promise<void> {
    await this.add({ slug, dir, kind: 'untrusted' }, {});
  }

  async change(slug: string, changes: StoreChanges): Promise<'changed' | 'unknown' | 'host-taken'> {
    return this.database
      .transaction(async (client) => ((await write(client, slug, changes)) ? 'changed' : 'unknown'))
      .catch(hostTaken) as Promise<'changed' | 'unknown' | 'host-taken'>;
  }
}

/** Absent fields stay as they are; a host of null goes, and so do encodings. */
async function write(client: Client, slug: string, changes: StoreChanges): Promise<boolean> {
  const { rows } = await client.query<{ id: number }>(
    `update stores
        set host = case when $2 then $3 else host end, mode = coalesce($4, mode),
            priority = coalesce($5, priority), ttl_seconds = coalesce($6, ttl_seconds),
            private = coalesce($7, private), trusted_keys = coalesce($8, trusted_keys),
            encodings = case when $9 then $10 else encodings end
      where slug = $1 returning id`,
    [
      ...[slug, changes.host !== undefined, changes.host ?? null, changes.mode ?? null],
      ...[changes.priority ?? null, changes.ttlSeconds ?? null, changes.private ?? null],
      ...[changes.trustedKeys ?? null, changes.encodings !== undefined, changes.encodings ?? null],
    ],
  );
  if (rows[0]) await client.query('select tell_substitutes($1, null)', [rows[0].id]);
  return rows.length > 0;
}

function hostTaken(error: unknown): 'host-taken' {
  const { code, constraint = '' } = error as { code?: string; constraint?: string };
  if (code === taken && constraint.includes('host')) return 'host-taken';
  throw error;
}
