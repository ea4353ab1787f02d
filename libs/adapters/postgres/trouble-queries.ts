/** What went wrong lately and waits for a person: messages that were given up, and such. */
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

export interface Trouble {
  /** So many at most: who counts on would read on. */
  readonly number: number;
  readonly last: string | null;
}

interface TroubleRow extends Row {
  readonly number: number;
  readonly last: Date | null;
}

export interface FetchFault {
  readonly specification: string;
  readonly channel: string;
  readonly code: string;
  readonly failures: number;
  readonly since: string | null;
}

interface FetchFaultRow extends Row {
  readonly specification: string;
  readonly channel: string;
  readonly code: string;
  readonly failures: number;
  readonly error_since: Date | null;
}

const lately = `now() - interval '7 days'`;
const countedAtMost = 100;

export class TroubleQueries {
  constructor(private readonly database: Database) {}

  /** Messages that nobody took. */
  givenUp(): Promise<Trouble> {
    return this.ask(
      `select ended_at as at from deliveries
        where ended_at > ${lately} and state = 'given-up'`,
    );
  }

  /** What forges told and the farm could not take. */
  failedDeliveries(): Promise<Trouble> {
    return this.ask(
      `select received_at as at from forge_deliveries
        where received_at > ${lately} and state = 'failed'`,
    );
  }

  /** Channels of live specifications whose last fetch failed, the longest first. */
  async fetchFaults(): Promise<FetchFault[]> {
    const rows = await this.database.query<FetchFaultRow>(
      `select s.name as specification, c.channel, c.error_code as code, c.failures,
              c.error_since
         from channel_states c join specifications s on s.id = c.specification_id
        where c.error_code is not null and s.archived_at is null
        order by c.error_since, s.name, c.channel limit ${countedAtMost}`,
    );
    return rows.map(({ error_since: since, ...row }) => ({ ...row, since: iso(since) }));
  }

  private async ask(rows: string): Promise<Trouble> {
    const [row] = await this.database.query<TroubleRow>(
      `select count(*) as number, max(at) as last from (${rows} limit ${countedAtMost}) found`,
    );
    return { number: row?.number ?? 0, last: iso(row?.last ?? null) };
  }
}
