/**
 * Hears what `tell_substitutes` tells. A connection that breaks, or does not answer a heartbeat, is
 * said to be lost at once; it is made again until it is closed.
 */
import type pg from 'pg';
import type { Database } from './database.js';

export interface NewsListener {
  /** Paths of a store changed; null: any of its paths may have. */
  changed(store: number, hashParts: readonly string[] | null): void;
  /** Whether changes are told from now on. */
  hearing(told: boolean): void;
}

export interface Patience {
  /** Milliseconds between two heartbeats, and until one counts as lost. */
  readonly heartbeat: number;
  /** Milliseconds until a lost connection is tried again. */
  readonly again: number;
}

const usual: Patience = { heartbeat: 5000, again: 500 };

export class SubstituteNews {
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(
    private readonly database: Database,
    private readonly listener: NewsListener,
    private readonly patience: Patience = usual,
  ) {}

  /** Resolves after the first try; more follow when it failed. */
  async start(): Promise<void> {
    try {
      const client = await this.database.dedicated();
      client.on('end', () => this.lost(client));
      client.on('notification', ({ payload }) => this.heard(payload ?? ''));
      await client.query('listen substitutes');
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

  private heard(payload: string): void {
    const { store, parts } = JSON.parse(payload) as { store: number; parts?: string[] };
    this.listener.changed(store, parts ?? null);
  }

  private later(milliseconds: number, work: () => void): void {
    if (this.closed) return;
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(work, milliseconds);
    this.timer.unref();
  }
}
