/**
 * One process of several leads, by a Postgres advisory lock on a connection of its own. The lock
 * goes with the connection, so a leader that dies is followed within a try or two. Only efficiency
 * depends on it: two leaders at once would do the same conditional updates twice.
 */
import type pg from 'pg';
import type { Database } from './database.js';

const tryMilliseconds = 1000;

/**
 * `cut-off` is who has no connection to wait on: what Postgres was doing meanwhile is not known,
 * and may have been a crash.
 */
export type Standing = 'leads' | 'stands-by' | 'cut-off';

export class Leadership {
  private now: Standing = 'cut-off';
  private stopped = false;
  private client: pg.Client | null = null;
  private trying: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;

  /** `key` names the office; `changed` hears of each change. */
  constructor(
    private readonly database: Database,
    private readonly key: number,
    private readonly changed: (standing: Standing) => void = () => undefined,
  ) {}

  get isLeading(): boolean {
    return this.now === 'leads';
  }

  get standing(): Standing {
    return this.now;
  }

  /** Resolves after the first try, whatever it gave. */
  async start(): Promise<void> {
    this.trying = this.tryOnce();
    await this.trying;
    this.timer = setInterval(() => {
      this.trying = this.trying.then(() => this.tryOnce());
    }, tryMilliseconds);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
    await this.trying;
    await this.client?.end().catch(() => undefined);
    this.lose(this.client);
  }

  private async tryOnce(): Promise<void> {
    if (this.isLeading || this.stopped) return;
    try {
      this.client ??= await this.connect();
      this.become('stands-by');
      const { rows } = await this.client.query<{ won: boolean }>(
        'select pg_try_advisory_lock($1) as won',
        [this.key],
      );
      if (rows[0]?.won === true && !this.stopped) this.become('leads');
    } catch {
      this.lose(this.client);
    }
  }

  private async connect(): Promise<pg.Client> {
    const client = await this.database.dedicated();
    const ended = (): void => this.lose(client);
    client.on('error', ended);
    client.on('end', ended);
    // A leader that froze or whose host is gone must not hold the lock for hours.
    await client.query(
      `set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 2`,
    );
    return client;
  }

  private lose(client: pg.Client | null): void {
    if (client === null || this.client !== client) return;
    this.client = null;
    this.become('cut-off');
  }

  private become(standing: Standing): void {
    if (this.now === standing) return;
    this.now = standing;
    this.changed(standing);
  }
}
