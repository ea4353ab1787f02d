/**
 * What Prometheus is told of the farm beside its queue and its workers. Each question looks at a
 * bounded number of rows from the end of a table, so that it costs the same in a large farm.
 */
import type { Database, Row } from './database.js';

export interface Counted {
  readonly of: string;
  readonly count: number;
}

export interface DiskState {
  readonly name: string;
  readonly freeBytes: number;
  readonly level: string;
}

const rowsAtMost = 2000;

export class MeasureQueries {
  constructor(private readonly database: Database) {}

  /** Of those that began in the last day, by status. */
  evaluations(): Promise<Counted[]> {
    return this.counted(
      `select status as of, count(*)::int as count
         from (select status, started_at from evaluations order by id desc limit $1) e
        where started_at > now() - interval '24 hours' or status = 'started' group by 1`,
    );
  }

  /** Messages to receivers of the last day, by state. */
  deliveries(): Promise<Counted[]> {
    return this.counted(
      `select state as of, count(*)::int as count
         from (select state, created_at from deliveries order by id desc limit $1) d
        where created_at > now() - interval '24 hours' group by 1`,
    );
  }

  async disks(): Promise<DiskState[]> {
    return this.database.query<Row & DiskState>(
      `select name, free_bytes as "freeBytes", level from disks
        where seen_at > now() - interval '1 minute' order by name limit 500`,
    );
  }

  private counted(statement: string): Promise<Counted[]> {
    return this.database.query<Row & Counted>(statement, [rowsAtMost]);
  }
}
