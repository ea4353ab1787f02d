/** A durable Postgres of the bench's own: its figures would mean nothing with fsync off. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '#adapters/postgres/database.js';
import { EmbeddedPostgres } from '#adapters/postgres/embedded.js';
import { migrate } from '#adapters/postgres/migrate.js';
import { migrationsDirectory } from '#testkit/postgres.js';

export interface FarmDatabase {
  readonly url: string;
  /** The server's own process: its children do the work. */
  readonly pid: number;
  readonly database: Database;
  /** Empties every table of the farm but `stores`. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export async function startFarmDatabase(): Promise<FarmDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  // As root the server runs as another user, who must be able to reach it.
  await chmod(directory, 0o755);
  const server = await EmbeddedPostgres.start({ directory, password: 'bench-only' });
  await migrate(server.url(), migrationsDirectory);
  const database = new Database(server.url(), 8, 'bench');
  return {
    url: server.url(),
    pid: server.pid,
    database,
    clear: () => clear(database),
    stop: async () => {
      await database.close();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function clear(database: Database): Promise<void> {
  const tables = await database.query<{ name: string }>(
    `select format('%I', c.relname) as name from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname not in ('stores', '_prisma_migrations')`,
  );
  await database.execute(
    `truncate ${tables.map((t) => t.name).join(', ')} restart identity cascade`,
  );
  await database.execute('checkpoint');
}
