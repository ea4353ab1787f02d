/**
 * Hears a channel of Postgres (LISTEN) on a connection of its own. One that breaks, or does not
 * answer a heartbeat, is said to be lost at once; it is made again until it is closed. What is told
 * while it is lost is not heard: whoever listens looks when it hears again, or has a tick.
 */
import type pg from 'pg';
import type { Database } from './database.js';

export interface Listener {
  heard(payload: string): void;
  /** Whether the channel is heard from now on. */
  hearing(told: boolean): void;
}

export interface Patience {
  /** Milliseconds between two heartbeats, and until one counts as lost. */
  readonly heartbeat: number;
  /** Milliseconds until a lost connection is tried again. */
  readonly again: number;
}

const usual: Patience = { heartbeat: 5000, again: 500 };

export class Listening {
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(
    private readonly database: Database,
    /** A name of ours, never from outside. */
    private readonly channel: string,
    private readonly listener: Listener,
    private readonly patience: Patience = usual,
  ) {}

  /** Resolves after the first try; more follow when it failed. */
  async start(): Promise<void> {
    try {
      const client = await this.database.dedicated();
      client.on('end', () => this.lost(client));
      client.on('notification', ({ payload }) => this.listener.heard(payload ?? ''));
      await client.query(`listen ${this.channel}`);
      if (this.closed) return void (await client.end());
      this.client = client;
      this.listener.hearing(true);
      this.later(this.patience.heartbeat, () => void this.beat(client));
    } catch {
      this.later(this.patience.again, () => void this.start());
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    const client = this.client;
    this.client = null;
    await client?.end().catch(() => undefined);
  }

  private lost(client: pg.Client): void {
    if (this.client !== client) return;
    this.client = null;
    this.listener.hearing(false);
    this.later(this.patience.again, () => void this.start());
  }

  private async beat(client: pg.Client): Promise<void> {
    if (this.client !== client) return;
    const silence = setTimeout(() => {
      this.lost(client);
      void client.end().catch(() => undefined);
    }, this.patience.heartbeat);
    silence.unref();
    const alive = await client.query('select 1').then(
      () => true,
      () => false,
    );
    clearTimeout(silence);
    if (this.client !== client) return;
    if (alive) this.later(this.patience.heartbeat, () => void this.beat(client));
    else this.lost(client);
  }

  private later(milliseconds: number, work: () => void): void {
    if (this.closed) return;
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(work, milliseconds);
    this.timer.unref();
  }
}
