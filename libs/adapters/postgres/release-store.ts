/**
 * The planner's view of Postgres.
 *
 * The ready query of a class walks `builds_scheduled` (priority, id) and stops at its limit, which
 * is the room left in the class's window, so a pass over a farm whose ready builds lie in front
 * costs a few rows. A build that is not ready costs one probe of its edges up to the first
 * unfinished input: `offset 0` keeps Postgres from turning the probe into a join over all edges,
 * and the settings from sorting all that is ready. Since inputs have smaller ids than their
 * dependents, ready builds do lie in front within a priority. Of 100,000 scheduled builds the first
 * 16 were found in 0.2 ms (654 ms before the settings), and that none was ready in 220 ms.
 */
import { id, type BuildId } from '#domain/ids.js';
import type { Assignment, ReadyBuild } from '#domain/scheduling/plan.js';
import type { ClassState, WorkerState } from '#domain/scheduling/worker-state.js';
import type { Released, ReleaseStore } from '#application/ports/release-store.js';
import type { Database, Row } from './database.js';
import { workerStanding } from './worker-store.js';

interface ReadyRow extends Row {
  id: number;
  priority: number;
  system: string;
  required_features: string[];
}

interface ReleasedRow extends Row {
  id: number;
  generation: number;
  worker_class: string;
  was_class: string | null;
}

const readyBuilds = `
  select b.id, b.priority, d.system, d.required_features
    from builds b join derivations d on d.id = b.id
   where b.status = 'scheduled'
     and (b.release_expires_at is null or b.release_expires_at <= now())
     and (b.not_before is null or b.not_before <= now())
     and (d.system = any ($1) or d.system = 'builtin') and d.required_features <@ $2
     and not exists (
       select from derivation_inputs i join builds p on p.id = i.input_id
        where i.derivation_id = b.id and p.status <> 'succeeded' offset 0)
   order by b.priority, b.id limit $3`;

const walkTheIndex = ['sort', 'seqscan', 'bitmapscan', 'hashjoin', 'mergejoin']
  .map((way) => `set local enable_${way} = off;`)
  .join(' ');

/** Rows are locked in the order of their ids, as everyone does who updates several builds. */
const releaseBuilds = `
  with chosen as (
    select b.id, a.class, b.worker_class as was_class
      from unnest($1::bigint[], $2::text[]) a (id, class) join builds b on b.id = a.id
     where b.status = 'scheduled'
       and (b.release_expires_at is null or b.release_expires_at <= now())
     order by b.id for update of b)
  update builds b
     set generation = b.generation + 1, worker_class = c.class,
         release_expires_at = now() + make_interval(secs => $3)
    from chosen c where b.id = c.id
  returning b.id, b.generation, b.worker_class, c.was_class`;

export class PostgresReleaseStore implements ReleaseStore {
  constructor(private readonly database: Database) {}

  async workers(): Promise<readonly WorkerState[]> {
    return this.database.query<Row & WorkerState>(
      `select systems, features, speed, slots, ${workerStanding}
         from workers where removed_at is null`,
    );
  }

  async outstanding(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.query<{ worker_class: string; count: number }>(
      `select worker_class, count(*) as count from builds
        where status = 'scheduled' and release_expires_at > now() group by worker_class`,
    );
    return new Map(rows.map((row) => [row.worker_class, row.count]));
  }

  async ready(state: ClassState, limit: number): Promise<readonly ReadyBuild[]> {
    const { systems, features } = state.workerClass;
    const rows = await this.database.transaction(async (client) => {
      await client.query(`${walkTheIndex} set local jit = off`);
      return (await client.query<ReadyRow>(readyBuilds, [systems, features, limit])).rows;
    });
    return rows.map((row) => ({
      build: id<BuildId>(row.id),
      priority: row.priority,
      system: row.system,
      requiredFeatures: row.required_features,
    }));
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
    const rankOf = (row: ReleasedRow): number => assignments[placeOf(row)]!.rank;
    return {
      tickets: sorted.map((row) => ({
        build: id<BuildId>(row.id),
        generation: row.generation,
        workerClass: row.worker_class,
        rank: rankOf(row),
      })),
      stale: sorted.flatMap((row) =>
        row.was_class === null
          ? []
          : [
              {
                build: id<BuildId>(row.id),
                generation: row.generation - 1,
                workerClass: row.was_class,
                rank: rankOf(row),
              },
            ],
      ),
    };
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
