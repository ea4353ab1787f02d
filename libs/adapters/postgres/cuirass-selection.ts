/**
 * Which builds `/api/latestbuilds` and `/api/queue` tell, written for ten million of them: every
 * plan walks an index from its end and stops, or looks at a bounded number of rows. What is wanted
 * by a job's name is told with the evaluation that has the job; all else with the evaluation that
 * brought the derivation.
 */
import type { TellingBuild } from './cuirass-builds.js';
import { finalStatuses, pendingStatuses, statusListSql } from './cuirass-numbers.js';
import { among, Asked, lookedAt, narrow, type BuildFilters } from './cuirass-statements.js';
import type { Database, Row } from './database.js';

export type { BuildFilters } from './cuirass-statements.js';

export class CuirassSelection {
  constructor(private readonly database: Database) {}

  /** Ended builds, those of the newest evaluations first. */
  async latest(filters: BuildFilters, limit: number): Promise<TellingBuild[]> {
    const wanted = among(finalStatuses, filters.statuses);
    if (wanted.length === 0) return [];
    const asked = new Asked(filters, limit, await this.workersFor(filters));
    const candidates = narrow(filters) ? asked.narrowed() : asked.ended();
    return this.ask(
      `select c.id, c.evaluation from (${candidates}) c join builds b on b.id = c.id
        where b.status in ${statusListSql(wanted)} and ${asked.rest()}
        order by c.evaluation desc, c.id desc limit ${asked.limit()}`,
      asked,
    );
  }

  /** Unfinished builds in the order in which they are handed out: those at work first. */
  async queue(filters: BuildFilters, limit: number): Promise<TellingBuild[]> {
    const wanted = among(pendingStatuses, filters.statuses);
    if (wanted.length === 0) return [];
    const asked = new Asked(filters, limit, await this.workersFor(filters));
    if (!narrow(filters)) return this.ask(asked.waiting(wanted), asked);
    return this.ask(
      `select c.id, c.evaluation from (${asked.narrowed()}) c join builds b on b.id = c.id
        where b.status in ${statusListSql(wanted)} and ${asked.rest()}
        order by ${rank}, b.priority, b.id limit ${asked.limit()}`,
      asked,
    );
  }

  /**
   * Their ids stand in the statement themselves: the planner must see of each whether it did nearly
   * all of the farm's attempts, or nearly none.
   */
  private async workersFor({ worker, system }: BuildFilters): Promise<readonly number[]> {
    if (worker === undefined && system === undefined) return [];
    const rows = await this.database.query<{ id: number }>(
      `select id from workers
        where ($1::text is null and removed_at is null and $2 = any (systems)) or name = $1
        order by last_seen_at desc nulls last limit ${lookedAt.workersOfSystem}`,
      [worker ?? null, system ?? null],
    );
    return rows.map(({ id }) => id);
  }

  private ask(text: string, asked: Asked): Promise<TellingBuild[]> {
    return this.database.query<Row & TellingBuild>(text, asked.values);
  }
}

/** Cuirass's order of statuses: started, scheduled, submitted. */
const rank = `case b.status when 'started' then 1 when 'scheduled' then 2 else 3 end`;
