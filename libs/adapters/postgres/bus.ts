/**
 * The bus over LISTEN/NOTIFY, for farms without Redis: one channel per topic, on one connection
 * that is made again when it breaks. A payload of 8,000 bytes or more is dropped, as Postgres would
 * refuse it.
 */
import pg from 'pg';
import type { Bus, Topic } from '#application/ports/bus.js';
import type { Database } from './database.js';

const payloadBytesBelow = 8000;
const retryMilliseconds = 500;
const prefix = 'gambeson:';
type Listener = (message: string) => void;

export class PostgresBus implements Bus {
  private readonly listeners = new Map<string, Set<Listener>>();
  private connection: Promise<pg.Client> | null = null;
  private closed = false;

  constructor(private readonly database: Database) {}

  async publish(topic: Topic, message: string): Promise<void> {
    if (Buffer.byteLength(message) >= payloadBytesBelow || this.closed) return;
    await this.database
      .execute('select pg_notify($1, $2)', [prefix + topic, message])
      .catch(() => undefined);
  }

  async subscribe(topic: Topic, listener: Listener): Promise<() => Promise<void>> {
    const channel = prefix + topic;
    const listeners = this.listeners.get(channel) ?? new Set();
    listeners.add(listener);
    this.listeners.set(channel, listeners);
    while (!this.closed) {
      const stands = await this.listening()
        .then((client) => client.query(`listen ${pg.escapeIdentifier(channel)}`))
        .catch(() => null);
      if (stands) break;
      await pause();
    }
    return () => this.unsubscribe(channel, listener);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.listeners.clear();
    const client = await this.connection?.catch(() => null);
    await client?.end().catch(() => undefined);
  }

  private async unsubscribe(channel: string, listener: Listener): Promise<void> {
    const listeners = this.listeners.get(channel);
    listeners?.delete(listener);
    if (!listeners || listeners.size > 0 || this.closed) return;
    this.listeners.delete(channel);
    const client = await this.connection?.catch(() => null);
    await client?.query(`unlisten ${pg.escapeIdentifier(channel)}`).catch(() => undefined);
  }

  private listening(): Promise<pg.Client> {
    this.connection ??= this.connect().catch((error: unknown) => {
      this.connection = null;
      throw error;
    });
    return this.connection;
  }

  private async connect(): Promise<pg.Client> {
    const client = await this.database.dedicated();
    client.on('notification', ({ channel, payload }) => {
      for (const listener of this.listeners.get(channel) ?? []) listener(payload ?? '');
    });
    client.on('error', () => undefined);
    client.on('end', () => void this.again());
    for (const channel of this.listeners.keys()) {
      await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    }
    return client;
  }

  private async again(): Promise<void> {
    this.connection = null;
    while (!this.closed) {
      if (await this.listening().catch(() => null)) return;
      await pause();
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
}
