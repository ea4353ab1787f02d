/**
 * The neighbours of a build in the graph, both ways. A hub has tens of thousands of dependents, so
 * a page shows a few, failed ones first among the newest thousand, and the rest is read by key.
 */
import type { BuildId } from '#domain/ids.js';
import type { BuildSummary, Neighbours } from '#protocol/api/build.js';
import { cutPage, type Page, type PageQuery } from '#protocol/api/page.js';
import type { Database, Row } from './database.js';
import { summaryColumns, summaryOf, type SummaryRow } from './reading.js';

export type Direction = 'inputs' | 'dependents';

const edges: Readonly<Record<Direction, { here: string; there: string }>> = {
  inputs: { here: 'derivation_id', there: 'input_id' },
  dependents: { here: 'input_id', there: 'derivation_id' },
};

const lookedAtMost = 1000;

/** What a person looks for first: what failed, then what runs, then what waits. */
const urgency = `case b.status when 'failed' then 0 when 'failed-other' then 1
  when 'failed-dependency' then 2 when 'canceled' then 3 when 'started' then 4
  when 'submitted' then 5 when 'scheduled' then 6 else 7 end`;

export class NeighbourQueries {
  constructor(private readonly database: Database) {}

  async first(build: BuildId, direction: Direction, limit: number): Promise<Neighbours> {
    const { here, there } = edges[direction];
    const [items, counts] = await Promise.all([
      this.database.query<SummaryRow>(
        `select ${summaryColumns} from (
           select b.* from (select ${there} as id from derivation_inputs where ${here} = $1
                             order by ${there} desc limit ${lookedAtMost}) i
            cross join lateral (select * from builds where id = i.id offset 0) b
            order by ${urgency}, b.id limit $2) b
          cross join lateral (select name, system from derivations where id = b.id offset 0) d
          order by ${urgency}, d.name, b.id`,
        [build, limit],
      ),
      this.database.query<Row & { total: number }>(
        `select count(*) as total from derivation_inputs where ${here} = $1`,
        [build],
      ),
    ]);
    return { total: counts[0]?.total ?? 0, items: items.map(summaryOf) };
  }

  /** All of them, by id. */
  async page(build: BuildId, direction: Direction, query: PageQuery): Promise<Page<BuildSummary>> {
    const { here, there } = edges[direction];
    const rows = await this.database.query<SummaryRow>(
      `select ${summaryColumns} from derivation_inputs i
         join builds b on b.id = i.${there} join derivations d on d.id = b.id
        where i.${here} = $1 and i.${there} > $2 order by i.${there} limit $3`,
      [build, query.cursor ?? 0, query.limit + 1],
    );
    const page = cutPage(rows, query.limit, (row) => String(row.id));
    return { items: page.items.map(summaryOf), next: page.next };
  }

  async summary(build: number): Promise<BuildSummary | null> {
    const [row] = await this.database.query<SummaryRow>(
      `select ${summaryColumns} from builds b join derivations d on d.id = b.id where b.id = $1`,
      [build],
    );
    return row ? summaryOf(row) : null;
  }
}
