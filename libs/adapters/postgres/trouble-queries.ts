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

  private async ask(rows: string): Promise<Trouble> {
    const [row] = await this.database.query<TroubleRow>(
      `select count(*) as number, max(at) as last from (${rows} limit ${countedAtMost}) found`,
    );
    return { number: row?.number ?? 0, last: iso(row?.last ?? null) };
  }
}
