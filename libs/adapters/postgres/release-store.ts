/**
 * The releases that the planner writes. Correctness lies here and not in the planner's memory: one
 * conditional update releases, and only what is scheduled, not released, and has every input; two
 * planners at once, or one that is behind, release nothing twice and nothing too early.
 */
import { id, type BuildId, type SpecificationId } from '#domain/ids.js';
import type { Assignment, SpecificationShare, Withdrawal } from '#domain/scheduling/planner.js';
import type { WorkerState } from '#domain/scheduling/worker-state.js';
import type { Released, ReleaseStore } from '#application/ports/release-store.js';
import type { Ticket } from '#application/ports/ticket-queue.js';
import { readAvoided } from './avoided-worker.js';
import type { Database, Row } from './database.js';
import { milliseconds } from './planner-rows.js';
import { workerStanding } from './worker-store.js';

interface ReleasedRow extends Row {
  id: number;
  generation: number;
  worker_class: string;
  was_class: string | null;
  expires: number;
}

const isUnreleased = '(b.release_expires_at is null or b.release_expires_at <= now())';

/**
 * Rows are locked in the order of their ids, as everyone does who updates several builds. `offset
 * 0` keeps Postgres from turning the probe of a build's inputs into a join over all edges.
 */
const releaseBuilds = `
  with chosen as (
    select b.id, a.class, b.worker_class as was_class
      from unnest($1::bigint[], $2::text[]) a (id, class) join builds b on b.id = a.id
     where b.status = 'scheduled' and ${isUnreleased}
       and (b.not_before is null or b.not_before <= now())
       and not exists (
         select from derivation_inputs i join builds p on p.id = i.input_id
          where i.derivation_id = b.id and p.status <> 'succeeded' offset 0)
     order by b.id for update of b)
  update builds b
     set generation = b.generation + 1, worker_class = c.class,
         release_expires_at = now() + make_interval(secs => $3)
    from chosen c where b.id = c.id
  returning b.id, b.generation, b.worker_class, c.was_class,
            ${milliseconds('b.release_expires_at')} as expires`;

const withdrawBuilds = `
  with chosen as (
    select b.id from unnest($1::bigint[], $2::int[]) a (id, generation)
      join builds b on b.id = a.id and b.generation = a.generation
     where b.status = 'scheduled' and b.release_expires_at is not null
     order by b.id for update of b)
  update builds b set release_expires_at = null from chosen c where b.id = c.id
  returning b.id, b.generation, b.worker_class`;

export class PostgresReleaseStore implements ReleaseStore {
  constructor(private readonly database: Database) {}

  async workers(): Promise<readonly WorkerState[]> {
    return this.database.query<Row & WorkerState>(
      `select systems, features, speed, sum(slots)::int as slots, connected, paused, draining,
              "diskGuard"
         from (select systems, features, speed, slots, ${workerStanding}
                 from workers where removed_at is null) w
        group by systems, features, speed, connected, paused, draining, "diskGuard"`,
    );
  }

  async outstanding(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.query<{ worker_class: string; count: number }>(
      `select worker_class, count(*) as count from builds
        where status = 'scheduled' and release_expires_at > now() group by worker_class`,
    );
    return new Map(rows.map((row) => [row.worker_class, row.count]));
  }

  async shares(): Promise<readonly SpecificationShare[]> {
    const rows = await this.database.query<{ id: number; share: number; most: number | null }>(
      `select s.id, (v.document ->> 'share')::float8 as share,
              (v.document ->> 'maxRunning')::int as most
         from specifications s join specification_versions v
           on v.specification_id = s.id and v.version = s.version
        where s.archived_at is null`,
    );
    return rows.map((row) => ({
      specification: id<SpecificationId>(row.id),
      share: row.share ?? 1,
      maxRunning: row.most,
    }));
  }

  async avoided(): Promise<ReadonlyMap<BuildId, ReadonlySet<string>>> {
    const rows = await this.database.query<{ build: number; worker_class: string }>(readAvoided);
    const avoided = new Map<BuildId, Set<string>>();
    for (const row of rows) {
      const build = id<BuildId>(row.build);
      avoided.set(build, (avoided.get(build) ?? new Set()).add(row.worker_class));
    }
    return avoided;
  }

  async release(assignments: readonly Assignment[], seconds: number): Promise<Released> {
    const rows = await this.database.query<ReleasedRow>(releaseBuilds, [
      assignments.map((assignment) => assignment.build),
      assignments.map((assignment) => assignment.workerClass),
      seconds,
    ]);
    const order = new Map(assignments.map((assignment, at) => [assignment.build as number, at]));
    const placeOf = (row: ReleasedRow): number => order.get(row.id) ?? 0;
    const sorted = rows.sort((a, b) => placeOf(a) - placeOf(b));
    const ticketOf = (row: ReleasedRow): Ticket => ({
      build: id<BuildId>(row.id),
      generation: row.generation,
      workerClass: row.worker_class,
      rank: assignments[placeOf(row)]!.rank,
    });
    return {
      tickets: sorted.map(ticketOf),
      stale: sorted.flatMap((row) => {
        if (row.was_class === null) return [];
        const { generation } = row;
        return [{ ...ticketOf(row), generation: generation - 1, workerClass: row.was_class }];
      }),
      expiresAt: sorted[0]?.expires ?? 0,
    };
  }

  async withdraw(withdrawals: readonly Withdrawal[]): Promise<readonly Ticket[]> {
    if (withdrawals.length === 0) return [];
    const rows = await this.database.query<ReleasedRow>(withdrawBuilds, [
      withdrawals.map((one) => one.build),
      withdrawals.map((one) => one.generation),
    ]);
    return rows.map((row) => ({
      build: id<BuildId>(row.id),
      generation: row.generation,
      workerClass: row.worker_class,
      rank: 1,
    }));
  }

  async voidAll(): Promise<number> {
    return this.database.execute(
      `with chosen as (
         select id from builds where status = 'scheduled' and release_expires_at is not null
          order by id for update)
       update builds b set release_expires_at = null from chosen c where b.id = c.id`,
    );
  }
}
