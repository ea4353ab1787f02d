/**
 * Where tickets, timers and the epoch mark lie: BullMQ on Redis, or, for a farm without Redis, on
 * its Postgres backend (schema `bullmq`). Both are rebuildable and both reconnect for ever; a
 * command given while the server is away waits for it. This room alone knows BullMQ and ioredis.
 */
import {
  createPostgresBackend,
  Queue,
  Worker,
  type BackendFactory,
  type JobsOptions,
  type Processor,
  type QueueOptions,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { FarmFault } from '#std/farm-fault.js';
import { openMigratedPool } from './postgres-pool.js';

export interface QueueAddress {
  /** Absent: tickets and timers lie in Postgres. */
  readonly redisUrl?: string | undefined;
  readonly databaseUrl: string;
}

export type ConsumerOptions = Omit<WorkerOptions, 'connection' | 'prefix'>;

/** Everything that BullMQ needs, and nothing that its users must know of the server behind it. */
export interface QueueConnection {
  readonly kind: 'redis' | 'postgres';
  /** A queue of its own connection budget of zero; close it before the connection. */
  queue(name: string, defaults?: JobsOptions): Queue;
  /**
   * `process` is null for manual fetching. Errors of the connection are swallowed: it comes back.
   */
  consumer(name: string, process: Processor | null, options?: ConsumerOptions): Worker;
  /** Rejects with a FarmFault when the server does not answer within two seconds. */
  ping(): Promise<void>;
  /** A word that changes when what was stored may be gone: another server answers, or it evicts. */
  incarnation(): Promise<string>;
  /** Sentences about a server that will lose tickets or cannot run the scripts; log them loudly. */
  faults(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const prefix = 'gambeson';
const pingMilliseconds = 2000;
const answerMilliseconds = 20_000;

export function openQueue(address: QueueAddress): QueueConnection {
  return address.redisUrl ? openOnRedis(address.redisUrl) : openOnPostgres(address.databaseUrl);
}

/**
 * A client that reconnects for ever. BullMQ demands that no command is failed by a retry count, so
 * a command waits for the server, unless `failFast` lets it fail at the first lost connection.
 */
export function openRedis(url: string, failFast = false): Redis {
  const client = new Redis(url, {
    // A wire that swallows everything is cut: longer than BullMQ's fetches wait (10 s at most).
    socketTimeout: answerMilliseconds,
    keepAlive: 10_000,
    maxRetriesPerRequest: failFast ? 0 : null,
    enableReadyCheck: true,
    retryStrategy: (tries) => Math.min(50 * 2 ** Math.min(tries, 6), 2000),
  });
  // ioredis throws from its event loop when nobody listens; the readiness check tells of it.
  client.on('error', () => undefined);
  return client;
}

function openOnRedis(url: string): QueueConnection {
  const client = openRedis(url);
  const ping = (): Promise<unknown> => within(pingMilliseconds, client.ping(), 'Redis');
  return {
    kind: 'redis',
    queue: (name, defaults = {}) =>
      newQueue(name, { connection: client, prefix, defaultJobOptions: defaults }),
    consumer: (name, process, options) =>
      quiet(
        new Worker(name, process, {
          ...options,
          connection: client,
          prefix,
        }),
      ),
    ping: async () => void (await ping()),
    incarnation: async () =>
      incarnationOf(await Promise.all([client.info('server'), client.info('stats')])),
    faults: async () => faultsOfRedis(await client.info()),
    close: async () => client.disconnect(),
  };
}

function openOnPostgres(databaseUrl: string): QueueConnection {
  const pool = openMigratedPool(databaseUrl);
  const factory = createPostgresBackend as unknown as BackendFactory;
  const options = { connection: pool as never };
  const ping = (): Promise<unknown> => within(pingMilliseconds, pool.query('select 1'), 'Postgres');
  return {
    kind: 'postgres',
    queue: (name, defaults = {}) =>
      newQueue(name, { ...options, defaultJobOptions: defaults }, factory),
    consumer: (name, process, more) =>
      quiet(new Worker(name, process, { ...more, ...options }, factory as never)),
    ping: async () => void (await ping()),
    // What it loses, the builds have lost with it.
    incarnation: async () => 'postgres',
    faults: async () => [],
    close: () => pool.close(),
  };
}

function newQueue(name: string, options: QueueOptions, factory?: BackendFactory): Queue {
  return quiet(new Queue(name, options, factory as never));
}

function quiet<T extends { on(event: 'error', listener: () => void): unknown }>(part: T): T {
  part.on('error', () => undefined);
  return part;
}

function incarnationOf(sections: readonly string[]): string {
  const info = sections.join('\n');
  const [run, evicted] = ['run_id', 'evicted_keys'].map((name) => fieldOf(info, name));
  return `${run} after ${evicted} evictions`;
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
}

/** What makes this Redis unfit, from its INFO text; empty when it is fit. */
export function faultsOfRedis(info: string): readonly string[] {
  const field = (name: string): string | undefined => fieldOf(info, name);
  const faults: string[] = [];
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    faults.push(`Redis evicts keys (maxmemory-policy ${policy}): set it to noeviction`);
  }
  const version = field('valkey_version') ?? field('redis_version') ?? '0';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) {
    faults.push(`Redis ${version} is too old: 6.2 or newer is needed`);
  }
  return faults;
}

async function within<T>(milliseconds: number, work: Promise<T>, who: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new FarmFault('redis-unavailable', `${who} does not answer`, 'now')),
      milliseconds,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
