/** Pushed logs in Postgres. What is not named any more is left to the collector of files. */
import type { LogKey } from '#application/ports/log-store.js';
import type { PushedLog, PushedLogs } from '#application/ports/pushed-logs.js';
import type { Database } from './database.js';

export class PostgresPushedLogs implements PushedLogs {
  constructor(private readonly database: Database) {}

  async reserve(): Promise<LogKey> {
    const rows = await this.database.query<{ id: number }>(
      `select nextval(pg_get_serial_sequence('pushed_logs', 'id')) as id`,
    );
    return `pushed-${rows[0]!.id}`;
  }

  async record({ slug, derivation, key, hash, size }: PushedLog): Promise<void> {
    const id = Number(key.slice('pushed-'.length));
    await this.database.transaction(async (client) => {
      await client.query('select from stores where slug = $1 for no key update', [slug]);
      await client.query(
        `with gone as (
           delete from pushed_logs l using stores s
            where s.slug = $1 and l.store_id = s.id and l.derivation = $2
           returning l.id, l.size)
         insert into condemned_files (file_key, kind, size)
         select 'pushed-' || id, 'log', size from gone on conflict do nothing`,
        [slug, derivation],
      );
      await client.query(
        `insert into pushed_logs (id, store_id, derivation, hash, size) overriding system value
         select $3, id, $2, $4, $5 from stores where slug = $1`,
        [slug, derivation, id, hash, size],
      );
    });
  }

  async abandon(key: LogKey): Promise<void> {
    await this.database.execute(
      `insert into condemned_files (file_key, kind) values ($1, 'log') on conflict do nothing`,
      [key],
    );
  }

  async find(slug: string, derivation: string): Promise<LogKey | null> {
    const rows = await this.database.query<{ id: number }>(
      `select l.id from pushed_logs l join stores s on s.id = l.store_id
        where s.slug = $1 and l.derivation = $2`,
      [slug, derivation],
    );
    return rows[0] ? `pushed-${rows[0].id}` : null;
  }
}
