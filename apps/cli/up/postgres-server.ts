/**
 * The embedded Postgres under the supervisor: when it ends unasked it is started again on the same
 * port and data, said loudly. The apps wait for it and go on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { EmbeddedPostgres, type EmbeddedOptions } from '#adapters/postgres/embedded.js';
import { sentenceOf } from '#std/farm-fault.js';

const firstPauseMillis = 250;
const longestPauseMillis = 10_000;

export interface PostgresWish extends EmbeddedOptions {
  readonly restart: boolean;
  readonly tell: (sentence: string) => void;
}

export class PostgresServer {
  private readonly stopping = new AbortController();
  private watching: Promise<void>;

  private constructor(
    private server: EmbeddedPostgres,
    private readonly wish: PostgresWish,
  ) {
    this.watching = this.watch();
  }

  static async start(wish: PostgresWish): Promise<PostgresServer> {
    return new PostgresServer(await EmbeddedPostgres.start(wish), wish);
  }

  get pid(): number {
    return this.server.pid;
  }

  url(): string {
    return this.server.url();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.server.stop();
    await this.watching;
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      await this.server.exited;
      if (signal.aborted) return;
      if (!this.wish.restart) {
        this.wish.tell('postgres ended; it is left so (--no-restart)');
        return;
      }
      this.wish.tell('postgres ended; starting it again');
      if (!(await this.startAgain())) return;
      this.wish.tell('postgres is up again');
    }
  }

  /** False when the farm stops meanwhile. */
  private async startAgain(): Promise<boolean> {
    const { signal } = this.stopping;
    const { port } = this.server;
    for (let millis = firstPauseMillis; ; millis = Math.min(millis * 2, longestPauseMillis)) {
      await pause(millis, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return false;
      try {
        this.server = await EmbeddedPostgres.start({ ...this.wish, port });
      } catch (error) {
        this.wish.tell(`postgres does not start: ${sentenceOf(error)}`);
        continue;
      }
      if (!signal.aborted) return true;
      await this.server.stop();
      return false;
    }
  }
}
