/**
 * The connection to Postgres that every store of this adapter shares. Ids (int8) are read as
 * numbers and must be safe integers; statements and transactions retry serialisation failures and
 * deadlocks, so what runs inside a transaction may run again and must touch nothing but its client.
 */
import pg from 'pg';
import { FarmFault } from '#std/farm-fault.js';
import { invariant, InvariantBroken } from '#std/invariant.js';

export type Row = Record<string, unknown>;
export type Client = pg.ClientBase;

/** A statement that each connection parses and plans once, and knows by its name from then on. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
}

/** What a transaction says with its commit, and what it answers once that is done. */
export interface Parting<T> {
  readonly said: readonly Promise<unknown>[];
  readonly value: T;
}

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
const pipelinedAtMost = 4;
/**
 * Plans are made once and never looked at again, so they must not hang on how large a table was
 * then: every table is entered by `= any` of a key, and what is found is joined by hashing.
 * Before version 18 what is off costs so much that Postgres would compile the plan each time.
 */
const plansOnce = `
  set plan_cache_mode = force_generic_plan; set enable_seqscan = off;
  set enable_nestloop = off; set enable_mergejoin = off; set jit = off`;

export class Database {
  private readonly pool: pg.Pool;
  private pipelined: pg.Pool | null = null;

  /** `connections` bounds what this process holds; a separate budget is a separate Database. */
  constructor(
    readonly url: string,
    connections = 10,
    readonly name = 'gambeson',
  ) {
    this.pool = this.open(connections, { onConnect: askShortly });
  }

  /** What is asked thousands of times a second is prepared: planning costs as much as running. */
  async query<T extends Row = Row>(
    asked: string | Prepared,
    values: readonly unknown[] = [],
  ): Promise<T[]> {
    const statement = typeof asked === 'string' ? { text: asked } : asked;
    const asking = { ...statement, values: [...values] };
    return (await this.retried(() => this.pool.query<T>(asking))).rows;
  }

  /** The number of rows that a conditional update touched; callers check it. */
  async execute(text: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.retried(() => this.pool.query(text, [...values]))).rowCount ?? 0;
  }

  transaction<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.retried(async () => {
      const client = await this.pool.connect();
      return released(client, async () => {
        await client.query('begin');
        const value = await work(client);
        await client.query('commit');
        return value;
      });
    });
  }

  /**
   * A transaction of prepared statements in few round trips, on a connection of its own kind: what
   * `work` asks first travels with the `begin`, and what it says last with the `commit`. Statements
   * that shall stop the commit must fail by themselves.
   */
  inFlights<T>(work: (client: Client) => Promise<Parting<T>>): Promise<T> {
    const pool = (this.pipelined ??= this.openPipelined());
    return this.retried(async () => {
      const client = await pool.connect();
      return released(client, async () => {
        const begun = client.query('begin');
        const [{ said, value }] = await Promise.all([work(client), begun]);
        await Promise.all([...said, client.query('commit')]);
        return value;
      });
    });
  }

  /** One statement on such a connection, for what is asked in batches of any size. */
  async byKeys<T extends Row = Row>(asked: Prepared, values: readonly unknown[]): Promise<T[]> {
    const pool = (this.pipelined ??= this.openPipelined());
    return (await this.retried(() => pool.query<T>({ ...asked, values: [...values] }))).rows;
  }

  /** A statement by itself is a transaction, too: what broke a deadlock has done nothing. */
  private async retried<T>(once: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await once();
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
    client.on('error', told);
    await client.connect().catch((cause: unknown) => {
      throw asFault(cause);
    });
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.end(), this.pipelined?.end()]);
  }

  private openPipelined(): pg.Pool {
    const pool = this.open(pipelinedAtMost, { pipeline: true });
    // It travels ahead of the first transaction; a connection on which it fails is broken anyway.
    pool.on('connect', (client) => void client.query(plansOnce).catch(() => undefined));
    return pool;
  }

  private open(connections: number, more: object): pg.Pool {
    const pool = new pg.Pool({
      connectionString: this.url,
      max: connections,
      types: types as never,
      application_name: this.name,
      connectionTimeoutMillis: 10_000,
      ...more,
    });
    pool.on('error', told);
    // One that stands in a transaction is not the pool's meanwhile.
    pool.on('connect', (client) => void client.on('error', told));
    return pool;
  }
}

/**
 * Statements of ours are short. To compile a plan, or to start processes that help with it, takes
 * longer than what it saves wherever partitions make a plan look dear.
 */
async function askShortly(client: Client): Promise<void> {
  await client.query('set jit = off; set max_parallel_workers_per_gather = 0');
}

/** A connection that breaks: who asks on it hears of it, and an event that nobody hears kills. */
function told(): void {}

/** After a failure the transaction is rolled back before the connection is given back. */
async function released<T>(client: pg.PoolClient, work: () => Promise<T>): Promise<T> {
  let broken: Error | undefined;
  try {
    return await work();
  } catch (cause) {
    await client.query('rollback').catch((error: Error) => {
      broken = error;
    });
    throw cause;
  } finally {
    client.release(broken);
  }
}

export async function ask<T extends Row = Row>(
  client: Client,
  { name, text }: Prepared,
  values: readonly unknown[],
): Promise<T[]> {
  return (await client.query<T>({ name, text, values: [...values] })).rows;
}

/** SQLSTATE classes, and what Prisma calls the same. */
const connectionStates = /^(08|57P0|P10(01|02|08|17)$)/;
/** Of the function must_hold. */
const brokenInvariant = 'GB001';

/** A lost connection is the world's fault; a refused statement is ours and stays as it is. */
export function asFault(cause: unknown): unknown {
  const code = (cause as { code?: string }).code ?? '';
  if (code === brokenInvariant) return new InvariantBroken((cause as Error).message);
  const lost =
    connectionStates.test(code) ||
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT'].includes(code) ||
    /Connection terminated|timeout exceeded when trying to connect/.test(String(cause));
  if (!lost) return cause;
  return new FarmFault('database-unavailable', 'Postgres does not answer', 'now', { cause });
}
