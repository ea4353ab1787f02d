/**
 * The pool under BullMQ's Postgres backend. BullMQ remembers a failed first contact for ever and
 * refuses a schema that is not there, so every connection waits until the schema is migrated, and
 * migrating is tried again until Postgres answers.
 */
import { quoteSchemaName, runMigrations } from 'bullmq';
import pg from 'pg';

const schema = 'bullmq';
/** Each consumer keeps one connection for LISTEN; the rest is for commands. */
const connectionsAtMost = 40;
const retryMilliseconds = 500;

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: () => void,
) => void;

export interface MigratedPool extends pg.Pool {
  close(): Promise<void>;
}

export function openMigratedPool(databaseUrl: string): MigratedPool {
  return new WaitingPool(databaseUrl) as unknown as MigratedPool;
}

class WaitingPool extends pg.Pool {
  private closed = false;
  private readonly migrated: Promise<void>;

  constructor(private readonly url: string) {
    super({
      connectionString: url,
      max: connectionsAtMost,
      keepAlive: true,
      application_name: 'gambeson-queue',
      options: `-c search_path=${quoteSchemaName(schema)}`,
    });
    this.on('error', () => undefined);
    // Also of connections that BullMQ holds: an error that nobody hears would end the process.
    this.on('connect', (client) => void client.on('error', () => undefined));
    this.migrated = this.migrate();
  }

  override connect(callback?: Connected): never {
    const answer = this.migrated.then(() => super.connect());
    if (!callback) return answer as never;
    answer.then(
      (client) => callback(undefined, client, () => client.release()),
      (error: Error) => callback(error, undefined, () => undefined),
    );
    return undefined as never;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.end();
  }

  private async migrate(): Promise<void> {
    while (!this.closed) {
      const client = new pg.Client({
        connectionString: this.url,
        application_name: 'gambeson-queue',
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await runMigrations(client, schema);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }
}
