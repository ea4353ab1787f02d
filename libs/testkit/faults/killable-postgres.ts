/**
 * A Postgres that a test may kill and start again on the same port and data. Its commits are real
 * (written before they are answered), since what was acknowledged must be there afterwards; only
 * the disk's own cache is trusted.
 */
import { appendFile, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { clusterOf, EmbeddedPostgres } from '#adapters/postgres/embedded.js';
import { answered } from '../eventually.js';
import { copyTestCluster, freshDatabase, testPassword } from '../postgres.js';
import { TcpProxy } from './tcp-proxy.js';

const startsAtMost = 40;
const betweenStartsMillis = 250;

export interface PostgresPair {
  readonly primary: KillablePostgres;
  /** Follows the primary, as far as the wire between them carries. */
  readonly standby: KillablePostgres;
  readonly wire: TcpProxy;
}

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
    const directory = await newCluster();
    const server = await EmbeddedPostgres.start(optionsOf(directory));
    const { url } = await freshDatabase(server);
    const pool = new pg.Pool({ connectionString: url, max: 4 });
    await pool.query(`alter database ${pg.escapeIdentifier(new URL(url).pathname.slice(1))}
                        set synchronous_commit = on`);
    return new KillablePostgres(directory, server, url, pool);
  }

  /** Two copies of one stopped cluster: the second streams whatever the first writes. */
  static async startPair(): Promise<PostgresPair> {
    const primary = await KillablePostgres.start();
    const { port, password } = new URL(primary.url);
    const wire = await TcpProxy.listen(() => [Number(port)]);
    const directory = await newCluster();
    const from = `host=127.0.0.1 port=${new URL(wire.address).port} user=gambeson`;
    await appendFile(
      join(clusterOf(directory), 'postgresql.auto.conf'),
      `primary_conninfo = '${from} password=${password}'\nwal_retrieve_retry_interval = 200\n`,
    );
    await writeFile(join(clusterOf(directory), 'standby.signal'), '');
    const server = await EmbeddedPostgres.start(optionsOf(directory));
    const url = server.url(new URL(primary.url).pathname.slice(1));
    const pool = new pg.Pool({ connectionString: url, max: 4 });
    return { primary, standby: new KillablePostgres(directory, server, url, pool), wire };
  }

  /** A standby that has all which the primary has written up to now. */
  async catchUp(primary: KillablePostgres): Promise<void> {
    const [row] = await primary.sql<{ at: string }>('select pg_current_wal_lsn()::text as at');
    await answered('the standby to follow', async () => {
      const [seen] = await this.sql<{ has: boolean }>(
        'select pg_last_wal_replay_lsn() >= $1::pg_lsn as has',
        [row!.at],
      );
      return seen!.has ? true : null;
    });
  }

  /** The standby follows nobody any more, and takes writes. */
  async promote(): Promise<void> {
    await this.sql('select pg_promote()');
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

async function newCluster(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-postgres-'));
  await chmod(directory, 0o755);
  await copyTestCluster(directory);
  return directory;
}

function optionsOf(directory: string): Parameters<typeof EmbeddedPostgres.start>[0] {
  return { directory, password: testPassword, disposable: true };
}
