/** How the stores stand, for those who use them: what came last, and what was found broken. */
import type { Database, Row } from './database.js';

export interface StoreStanding {
  /** Null: nothing was ever offered in it, or nothing of it is left. */
  readonly offeredAt: Date | null;
  /** Files and paths that were found broken lately. */
  readonly broken: number;
  /** Those of them that are not offered any more. */
  readonly withdrawn: number;
  readonly brokenAt: Date | null;
}

interface StandingRow extends Row {
  readonly slug: string;
  readonly offered_at: Date | null;
  readonly broken: number;
  readonly withdrawn: number;
  readonly broken_at: Date | null;
}

/** The newest of all stores together: read along the keys, whatever the tables hold. */
const findingsAtMost = 500;

export class StoreStandings {
  constructor(private readonly database: Database) {}

  /** By slug. `days`: for how long what was found is told. */
  async read(days: number): Promise<ReadonlyMap<string, StoreStanding>> {
    const rows = await this.database.query<StandingRow>(
      `with found as (
         select * from (select * from store_findings order by id desc limit $2) f
          where found_at > now() - make_interval(days => $1))
       select s.slug,
              (select p.offered_at from store_paths p where p.store_id = s.id
                order by p.id desc limit 1) as offered_at,
              count(f.id)::int as broken,
              (count(f.id) filter (where f.done = 'withdrawn'))::int as withdrawn,
              max(f.found_at) as broken_at
         from stores s left join found f on f.store_id = s.id
        group by s.id`,
      [days, findingsAtMost],
    );
    return new Map(rows.map((row) => [row.slug, standingOf(row)]));
  }
}

function standingOf({ offered_at, broken, withdrawn, broken_at }: StandingRow): StoreStanding {
  return { offeredAt: offered_at, broken, withdrawn, brokenAt: broken_at };
}
