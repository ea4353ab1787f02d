/**
 * How good the evaluations of a specification were, one after the other, by the counts that the
 * coordinator keeps of them.
 */
import type { TrendAnswer, TrendPoint } from '#protocol/api/commit.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';
import { wasNotCut } from './whole-evaluations.js';

/** A good one that is older is no news to build on. */
const lookedAtMost = 500;

interface PointRow extends Row {
  readonly id: number;
  readonly started_at: Date;
  readonly jobs: number;
  readonly succeeded: number;
  readonly new_failures: number;
  readonly new_successes: number;
}

type GoodRow = PointRow & { readonly checkouts: { channel: string; revision: string }[] };

/** Read to the end, not cut short, and weighed; newest first. */
const points = `
  select e.id, e.started_at, k.jobs, k.succeeded, k.new_failures, k.new_successes
    from (select id, started_at, status, canceled_at from evaluations
           where specification_id = $1 order by id desc limit $2) e
    join evaluation_counts k on k.evaluation_id = e.id
   where e.status = 'succeeded' and k.jobs > 0 and ${wasNotCut}
   order by e.id desc`;

const good = `
  select p.*, (select coalesce(jsonb_agg(jsonb_build_object(
                   'channel', c.channel, 'revision', c.revision)
                 order by c.position, c.channel), '[]')
                 from checkouts c where c.evaluation_id = p.id) as checkouts
    from (${points}) p
   where p.succeeded * 100.0 >= p.jobs * $3::float8 order by p.id desc limit 1`;

export class TrendQueries {
  constructor(private readonly database: Database) {}

  /** Null where there is no such specification. */
  async trend(name: string, percent: number, pointsAtMost: number): Promise<TrendAnswer | null> {
    const [found] = await this.database.query<{ id: number }>(
      'select id from specifications where name = $1 and archived_at is null',
      [name],
    );
    if (!found) return null;
    const specification = found.id;
    const [rows, [best]] = await Promise.all([
      this.database.query<PointRow>(points, [specification, pointsAtMost]),
      this.database.query<GoodRow>(good, [specification, lookedAtMost, percent]),
    ]);
    return {
      percent,
      good: best ? { ...pointOf(best), checkouts: best.checkouts } : null,
      points: rows.map(pointOf).toReversed(),
    };
  }
}

function pointOf(row: PointRow): TrendPoint {
  return {
    evaluation: String(row.id),
    startedAt: iso(row.started_at),
    jobs: row.jobs,
    succeeded: row.succeeded,
    newlyFailing: row.new_failures,
    newlySucceeding: row.new_successes,
  };
}
