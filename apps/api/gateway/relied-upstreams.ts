/**
 * The upstreams that stores rely on: workers fetch from them what the farm does not keep. A grant
 * does not wait for Postgres, so it takes what was read last; that is some seconds old at most.
 */
import { PostgresUpstreamStore } from '#adapters/postgres/upstream-store.js';
import type { Database } from '#adapters/postgres/database.js';
import type { BuildMessage } from '#protocol/worker.js';

export type ReliedUpstream = NonNullable<BuildMessage['upstreams']>[number];

export interface ReliedUpstreams {
  /** Resolves when they have been read lately. */
  refresh(): Promise<void>;
  /** Of a store, by its slug, those first that are asked first. */
  of(slug: string): readonly ReliedUpstream[];
}

const freshMilliseconds = 5000;

export class PostgresReliedUpstreams implements ReliedUpstreams {
  private readonly store: PostgresUpstreamStore;
  private known: ReadonlyMap<string, readonly ReliedUpstream[]> = new Map();
  private readAt = -Infinity;
  private reading: Promise<void> | null = null;

  constructor(database: Database) {
    this.store = new PostgresUpstreamStore(database);
  }

  refresh(): Promise<void> {
    if (performance.now() - this.readAt < freshMilliseconds) return Promise.resolve();
    this.reading ??= this.read().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  of(slug: string): readonly ReliedUpstream[] {
    void this.refresh().catch(() => undefined);
    return this.known.get(slug) ?? [];
  }

  private async read(): Promise<void> {
    const relied = await this.store.relied();
    const bySlug = Map.groupBy(relied, ({ slug }) => slug);
    const told = [...bySlug].map(([slug, upstreams]): [string, ReliedUpstream[]] => [
      slug,
      upstreams.map(({ url, publicKeys }) => ({ address: url, publicKeys: [...publicKeys] })),
    ]);
    this.known = new Map(told);
    this.readAt = performance.now();
  }
}
