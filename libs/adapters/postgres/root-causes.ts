/** What failed builds are called that keep jobs from succeeding. */
import type { BuildSummary } from '#protocol/api/build.js';
import type { Database } from './database.js';
import { summaryColumns, summaryOf, type SummaryRow } from './reading.js';

export class RootCauseQueries {
  constructor(private readonly database: Database) {}

  async summaries(builds: readonly number[]): Promise<Map<number, BuildSummary>> {
    if (builds.length === 0) return new Map();
    const rows = await this.database.query<SummaryRow>(
      `select ${summaryColumns} from unnest($1::bigint[]) t (id)
        cross join lateral (select * from builds where id = t.id offset 0) b
        cross join lateral (select name, system from derivations where id = t.id offset 0) d`,
      [builds],
    );
    return new Map(rows.map((row) => [row.id, summaryOf(row)]));
  }
}
