/**
 * Which builds changed since a reader looked last, by the planner's feed of changes (ADR 0008):
 * each committed change is told once. The feed reaches back a minute, and a crash of Postgres
 * empties it; either is told as null, and whoever keeps what builds are must read it anew.
 */
import type { Database, Row } from './database.js';

interface FeedRow extends Row {
  readonly position: string;
  readonly server: string;
  readonly forgotten: boolean;
  readonly builds: number[] | null;
}

const position = `pg_current_snapshot()::text as position,
         pg_postmaster_start_time()::text as server`;

const begin = `select ${position}, false as forgotten, null as builds`;

/** Inserted builds are ranges: nobody knew them before. */
const changed = `
  select ${position},
         coalesce((select xid from planner_floor) > pg_snapshot_xmin($1::pg_snapshot), false)
           as forgotten,
         (select array_agg(distinct first_build) from planner_changes
           where xid >= pg_snapshot_xmin($1::pg_snapshot)
             and not pg_visible_in_snapshot(xid, $1::pg_snapshot)
             and first_build is not null and last_build is null) as builds`;

export class BuildChanges {
  private at: string | null = null;
  private server = '';

  constructor(private readonly database: Database) {}

  /** What is read after the first call is told of from then on. */
  async since(): Promise<readonly number[] | null> {
    const asked = this.at;
    const [row] = await this.database.query<FeedRow>(
      asked === null ? begin : changed,
      asked === null ? [] : [asked],
    );
    const { position: at, server, forgotten, builds } = row!;
    const broken = forgotten || (asked !== null && server !== this.server);
    this.at = at;
    this.server = server;
    if (asked === null || broken) return null;
    return (builds ?? []).map(Number);
  }
}
