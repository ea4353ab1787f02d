/**
 * A look for garbage on a connection of its own: what it finds lies in temporary tables, so that
 * the memory of the process does not grow with the farm.
 */
import type {
  GarbageSession,
  GarbageStore,
  LookedPaths,
  RemovedDerivations,
  RemovedPaths,
} from '#application/ports/garbage-store.js';
import { asFault, type Client, type Database } from './database.js';
import { condemnDerivations, removeDerivations } from './garbage-derivations.js';
import { removeLooseEnds } from './garbage-loose-ends.js';
import { lookAtPaths, noteSources, removePaths, type NotedSources } from './garbage-paths.js';

export class PostgresGarbageStore implements GarbageStore {
  constructor(private readonly database: Database) {}

  async open(dryRun: boolean): Promise<GarbageSession> {
    const client = await this.database.dedicated();
    try {
      await client.query(temporaryTables);
    } catch (cause) {
      await client.end();
      throw asFault(cause);
    }
    return new PostgresGarbageSession(client, dryRun);
  }
}

/** `going`: in a dry run, the derivations that would go. */
const temporaryTables = `
  create temporary table kept_derivations (id bigint primary key);
  create temporary table going (id bigint primary key);
  create temporary table kept_sources (store_id bigint, path text, primary key (store_id, path))`;

class PostgresGarbageSession implements GarbageSession {
  private sources: NotedSources | null = null;

  constructor(
    private readonly client: Client & { end(): Promise<void> },
    private readonly dryRun: boolean,
  ) {}

  condemnDerivations(without: readonly number[]): Promise<number> {
    return faulty(() => condemnDerivations(this.client, { without, dryRun: this.dryRun }));
  }

  removeDerivations(before: number | null): Promise<RemovedDerivations> {
    return faulty(() => inTransaction(this.client, () => removeDerivations(this.client, before)));
  }

  lookAtPaths(before: number | null): Promise<LookedPaths> {
    return faulty(async () => {
      this.sources ??= await noteSources(this.client);
      return lookAtPaths(this.client, before, this.sources);
    });
  }

  removePaths(paths: readonly number[]): Promise<RemovedPaths> {
    return faulty(async () => {
      const sources = (this.sources ??= await noteSources(this.client));
      return inTransaction(this.client, () => removePaths(this.client, paths, sources));
    });
  }

  removeLooseEnds(): Promise<{ packs: number; bytes: number }> {
    return faulty(() => inTransaction(this.client, () => removeLooseEnds(this.client)));
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}

async function faulty<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw asFault(cause);
  }
}

async function inTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const value = await work();
    await client.query('commit');
    return value;
  } catch (cause) {
    await client.query('rollback').catch(() => undefined);
    throw cause;
  }
}
