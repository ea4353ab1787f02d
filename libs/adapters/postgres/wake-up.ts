/**
 * Wakes whoever waits on a channel of Postgres, on a connection of its own that is made again when
 * it breaks. A lost message is no harm: everybody who is woken has a tick, too.
 */
import type pg from 'pg';
import type { Database } from './database.js';

const retryMilliseconds = 1000;

export class WakeUp {
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  /** `channel` is a name of ours, never from outside. */
  constructor(
    private readonly database: Database,
    private readonly channel: string,
    private readonly wake: () => void,
  ) {}

  /** Resolves after the first try, whatever it gave. */
  async start(): Promise<void> {
    try {
      const client = (this.client = await this.database.dedicated());
      client.on('notification', () => this.wake());
      client.once('end', () => this.again());
      await client.query(`listen ${this.channel}`);
      this.wake();
    } catch {
      await this.client?.end().catch(() => undefined);
      this.again();
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.client?.end().catch(() => undefined);
  }

  private again(): void {
    this.client = null;
    if (this.stopped || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.start();
    }, retryMilliseconds).unref();
  }
}
