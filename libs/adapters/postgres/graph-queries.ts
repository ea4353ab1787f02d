/**
 * The surroundings of a build in the graph of derivations: first the inputs that it failed by, then
 * what lies next to it, then what lies next to those. Each step looks at a bounded number of edges,
 * however many dependents a build has.
 */
import type { BuildId } from '#domain/ids.js';
import type { BuildSummary } from '#protocol/api/build.js';
import type { GraphAnswer } from '#protocol/api/build-story.js';
import type { Database, Row } from './database.js';
import { summaryColumns, summaryOf, type SummaryRow } from './reading.js';

type Side = -1 | 1;
interface Place {
  readonly distance: number;
  readonly onFailingPath: boolean;
}

const pathAtMost = 30;
/** Of one build to one side. */
const edgesOfOne = 200;
/** Looked at in one step to one side. */
const lookedAtMost = 400;
const edgesAtMost = 2000;
/** Among these the edges between chosen builds are looked for. */
const inputsOfOne = 2000;

const urgency = `case b.status when 'failed' then 0 when 'failed-other' then 1
  when 'failed-dependency' then 2 when 'started' then 3 when 'submitted' then 4
  when 'scheduled' then 5 when 'canceled' then 6 else 7 end`;

export class GraphQueries {
  constructor(private readonly database: Database) {}

  /** Null when there is no such build. */
  async around(build: BuildId, steps: number, nodesAtMost: number): Promise<GraphAnswer | null> {
    const places = new Map<number, Place>();
    for (const [place, one] of (await this.failingPath(build)).entries()) {
      if (places.size >= nodesAtMost) break;
      places.set(one, { distance: -place || 0, onFailingPath: true });
    }
    if (places.size === 0) return null;
    let cut = false;
    for (let step = 1; step <= steps && !cut; step += 1) {
      for (const side of [-1, 1] as const)
        cut = (await this.grow({ places, step, side, nodesAtMost })) || cut;
    }
    const ids = [...places.keys()];
    const [rows, edges] = await Promise.all([this.summaries(ids), this.edges(ids)]);
    return { nodes: rows.map((row) => ({ ...row, ...places.get(Number(row.id))! })), edges, cut };
  }

  /** From the build to the input that failed by itself, along the inputs that each failed by. */
  private async failingPath(build: BuildId): Promise<number[]> {
    const rows = await this.database.query<Row & { id: number }>(
      `with recursive path (id, next, place) as (
         select id, failed_input_id, 1 from builds where id = $1
         union all
         select b.id, b.failed_input_id, p.place + 1 from path p join builds b on b.id = p.next
          where p.place < ${pathAtMost})
       select id from path order by place`,
      [build],
    );
    return [...new Set(rows.map(({ id }) => id))];
  }

  /** Takes in what lies one step beyond; true when not all of it had room. */
  private async grow(grown: {
    places: Map<number, Place>;
    step: number;
    side: Side;
    nodesAtMost: number;
  }): Promise<boolean> {
    const { places, step, side, nodesAtMost } = grown;
    const border = [...places]
      .filter(([, { distance }]) => distance === side * (step - 1))
      .map(([id]) => id);
    if (border.length === 0) return false;
    const found = await this.beyond(border, side);
    const cut = found.length >= lookedAtMost;
    for (const id of found) {
      if (places.has(id)) continue;
      if (places.size >= nodesAtMost) return true;
      places.set(id, { distance: side * step, onFailingPath: false });
    }
    return cut;
  }

  private async beyond(border: readonly number[], side: Side): Promise<number[]> {
    const [here, there] = side < 0 ? ['derivation_id', 'input_id'] : ['input_id', 'derivation_id'];
    const rows = await this.database.query<Row & { id: number }>(
      `select b.id from (
         select distinct i.there as id from unnest($1::bigint[]) t (id)
          cross join lateral (select ${there} as there from derivation_inputs
                               where ${here} = t.id limit ${edgesOfOne}) i
          limit ${lookedAtMost}) n
        cross join lateral (select id, status from builds where id = n.id offset 0) b
        order by ${urgency}, b.id`,
      [border],
    );
    return rows.map(({ id }) => id);
  }

  private async summaries(ids: readonly number[]): Promise<BuildSummary[]> {
    const rows = await this.database.query<SummaryRow>(
      `select ${summaryColumns} from unnest($1::bigint[]) with ordinality t (id, place)
         join builds b on b.id = t.id join derivations d on d.id = b.id order by t.place`,
      [ids],
    );
    return rows.map(summaryOf);
  }

  private async edges(ids: readonly number[]): Promise<GraphAnswer['edges']> {
    const rows = await this.database.query<Row & { from: number; to: number }>(
      `select i.input_id as from, i.derivation_id as to from unnest($1::bigint[]) t (id)
        cross join lateral (select derivation_id, input_id from derivation_inputs
                             where derivation_id = t.id limit ${inputsOfOne}) i
         join unnest($1::bigint[]) other (id) on other.id = i.input_id
        limit ${edgesAtMost}`,
      [ids],
    );
    return rows.map(({ from, to }) => ({ from: String(from), to: String(to) }));
  }
}
