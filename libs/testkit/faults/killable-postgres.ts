/**
 * A Postgres that a test may kill and start again on the same port and data. Its commits are real
 * (written before they are answered), since what was acknowledged must be there afterwards; only
 * the disk's own cache is trusted.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { EmbeddedPostgres } from '#adapters/postgres/embedded.js';
import { copyTestCluster, freshDatabase, testPassword } from '../postgres.js';

const startsAtMost = 40;
const betweenStartsMillis = 250;

export class KillablePostgres {
  private constructor(
    private readonly directory: string,
    private server: EmbeddedPostgres,
    readonly url: string,
    private readonly pool: pg.Pool,
  ) {
    pool.on('error', () => undefined);
  }

  static async start(): Promise<KillablePostgres> {
    const directory = await mkdtemp(join(tmpdir(), 'gambeson-postgres-'));
    await chmod(directory, 0o755);
    await copyTestCluster(directory);
    const server = await EmbeddedPostgres.start(optionsOf(directory));
    const { url } = await freshDatabase(server);
    const pool = new pg.Pool({ connectionString: url, max: 4 });
    await pool.query(`alter database ${pg.escapeIdentifier(new URL(url).pathname.slice(1))}
                        set synchronous_commit = on`);
    return new KillablePostgres(directory, server, url, pool);
  }

  get pid(): number {
    return this.server.pid;
  }

  async sql<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.pool.query<T>(text, values)).rows;
  }

  /** The postmaster is gone at once; its children notice and end. */
  async kill(): Promise<void> {
    const gone = this.server.exited;
    process.kill(this.server.pid, 'SIGKILL');
    await gone;
  }

  /** Tries again while children of the killed one still hold its memory. */
  async startAgain(): Promise<void> {
    for (let tried = 1; ; tried += 1) {
      try {
        this.server = await EmbeddedPostgres.start({
          ...optionsOf(this.directory),
          port: this.server.port,
        });
        return;
      } catch (error) {
        if (tried === startsAtMost) throw error;
        await pause(betweenStartsMillis);
      }
    }
  }

  async stop(): Promise<void> {
    await this.pool.end();
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function optionsOf(directory: string): Parameters<typeof EmbeddedPostgres.start>[0] {
  return { directory, password: testPassword, disposable: true };
}
