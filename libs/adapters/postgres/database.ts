/**
 * The connection to Postgres that every store of this adapter shares. Ids (int8) are read as
 * numbers and must be safe integers; transactions retry serialisation failures and deadlocks, so
 * what runs inside one may run again and must touch nothing but its client.
 */
import pg from 'pg';
import { FarmFault } from '#std/farm-fault.js';
import { invariant } from '#std/invariant.js';

export type Row = Record<string, unknown>;
export type Client = pg.ClientBase;

const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === pg.types.builtins.INT8) return readInt8;
    return pg.types.getTypeParser(oid, format);
  },
};

function readInt8(text: string): number {
  const number = Number(text);
  invariant(Number.isSafeInteger(number), `int8 ${text} is beyond a safe integer`);
  return number;
}

const retriedStates = new Set(['40001', '40P01']);
const triesAtMost = 5;

export class Database {
  private readonly pool: pg.Pool;

  /** `connections` bounds what this process holds; a separate budget is a separate Database. */
  constructor(
    readonly url: string,
    connections = 10,
    readonly name = 'gambeson',
  ) {
    this.pool = new pg.Pool({
      connectionString: url,
      max: connections,
      types: types as never,
      application_name: name,
      connectionTimeoutMillis: 10_000,
    });
    // An idle connection that breaks is replaced at the next query, which reports its own error.
    this.pool.on('error', () => undefined);
  }

  async query<T extends Row = Row>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    try {
      return (await this.pool.query<T>(text, [...values])).rows;
    } catch (cause) {
      throw asFault(cause);
    }
  }

  /** The number of rows that a conditional update touched; callers check it. */
  async execute(text: string, values: readonly unknown[] = []): Promise<number> {
    try {
      return (await this.pool.query(text, [...values])).rowCount ?? 0;
    } catch (cause) {
      throw asFault(cause);
    }
  }

  async transaction<T>(work: (client: Client) => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.once(work);
      } catch (cause) {
        const state = (cause as { code?: string }).code ?? '';
        if (retriedStates.has(state) && tried < triesAtMost) continue;
        throw asFault(cause);
      }
    }
  }

  /** A connection of its own, for LISTEN, COPY or advisory locks; the caller must `end` it. */
  async dedicated(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      types: types as never,
      application_name: this.name,
    });
    await client.connect().catch((cause: unknown) => {
      throw asFault(cause);
    });
    return client;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async once<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin');
      const value = await work(client);
      await client.query('commit');
      return value;
    } catch (cause) {
      await client.query('rollback').catch((error: Error) => {
        broken = error;
      });
      throw cause;
    } finally {
      client.release(broken);
    }
  }
}

/** SQLSTATE classes, and what Prisma calls the same. */
const connectionStates = /^(08|57P0|P10(01|02|08|17)$)/;

/** A lost connection is the world's fault; a refused statement is ours and stays as it is. */
export function asFault(cause: unknown): unknown {
  const code = (cause as { code?: string }).code ?? '';
  const lost =
    connectionStates.test(code) ||
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT'].includes(code) ||
    /Connection terminated|timeout exceeded when trying to connect/.test(String(cause));
  if (!lost) return cause;
  return new FarmFault('database-unavailable', 'Postgres does not answer', 'now', { cause });
}
