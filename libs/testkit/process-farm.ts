/** What farms of real processes have in common: processes by name, one Postgres, channels. */
import { join } from 'node:path';
import type { QueryResultRow } from 'pg';
import { FarmClient } from './farm-client.js';
import type { FarmProcess } from './faults/farm-process.js';
import type { KillablePostgres } from './faults/killable-postgres.js';
import { ScenarioChannel } from './scenario-channel.js';

export abstract class ProcessFarm extends FarmClient {
  readonly processes = new Map<string, FarmProcess>();
  private channels = 0;

  /** The farm's own directory; its channels lie in it. */
  protected constructor(
    readonly directory: string,
    public postgres: KillablePostgres,
  ) {
    super();
  }

  sql<T extends QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    return this.postgres.sql<T>(text, values);
  }

  newChannel(): Promise<ScenarioChannel> {
    this.channels += 1;
    return ScenarioChannel.create(join(this.directory, 'channels', String(this.channels)));
  }
}
