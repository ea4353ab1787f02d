/**
 * The bus over LISTEN/NOTIFY, for farms without Redis: one channel per topic, on one connection
 * that is made again when it breaks. A payload of 8,000 bytes or more is dropped, as Postgres would
 * refuse it.
 */
import pg from 'pg';
import type { Bus, Topic } from '#application/ports/bus.js';
import type { Database } from './database.js';
import { Gathered } from './gathered.js';

const payloadBytesBelow = 8000;
const retryMilliseconds = 500;
/** In one statement. */
const ordersAtOnce = 1000;
const prefix = 'gambeson:';
type Listener = (message: string) => void;

export class PostgresBus implements Bus {
  private readonly listeners = new Map<string, Set<Listener>>();
  private connection: Promise<pg.Client> | null = null;
  private closed = false;
  private readonly orders = new Gathered<string, true>(
    (orders) => this.carryOut(orders),
    ordersAtOnce,
  );

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
      const stands = await this.orders.ask(listenTo(channel)).catch(() => false);
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
    if (!this.connection) return;
    await this.orders.ask(`unlisten ${pg.escapeIdentifier(channel)}`).catch(() => false);
  }

  private async carryOut(orders: readonly string[]): Promise<readonly true[]> {
    const client = this.closed ? null : await this.listening();
    await client?.query(orders.join('; '));
    return orders.map(() => true);
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
    await client.query([...this.listeners.keys()].map(listenTo).join('; '));
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

function listenTo(channel: string): string {
  return `listen ${pg.escapeIdentifier(channel)}`;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
}
