/**
 * What is known of builds that wait, for `waitReason` to judge. Only unfinished inputs are looked
 * at, and of those a few: a reason names examples, not all of them.
 */
import { id, type BuildId } from '#domain/ids.js';
import type { BuildStatus } from '#domain/build/status.js';
import type { WaitFacts } from '#domain/scheduling/wait-reason.js';
import type { WorkerState } from '#domain/scheduling/worker-state.js';
import { hasFailed } from './avoided-worker.js';
import type { Database, Row } from './database.js';
import { workerStanding } from './worker-store.js';

interface FactsRow extends Row {
  system: string;
  required_features: string[];
  not_before: Date | null;
  release_expires_at: Date | null;
  worker_class: string | null;
  now: Date;
  substituting: boolean;
  inputs: { build: number; status: BuildStatus }[];
}

/** Scheduled builds that are alike in all that a reason looks at. */
export interface WaitingGroup extends Omit<WaitFacts, 'workers'> {
  readonly builds: number;
  readonly priority: number;
  readonly oldest: Date;
}

interface GroupRow extends Row {
  last: number;
  system: string;
  required_features: string[];
  worker_class: string | null;
  backing_off: boolean;
  blocked_by: BuildStatus | null;
  now: Date;
  substituting: boolean;
  builds: number;
  priority: number;
  oldest: Date;
}

/** A part of the queue, in its order. */
export interface WaitingPart {
  readonly groups: readonly WaitingGroup[];
  /** Where the rest begins; null at the end. */
  readonly next: QueuePlace | null;
}

/** A build in the order of the queue. */
export interface QueuePlace {
  readonly priority: number;
  readonly build: number;
}

export interface RunningCount {
  readonly system: string;
  readonly submitted: number;
  readonly started: number;
}

const inputsAtMost = 10;

/** The worst status among unfinished inputs: failed before canceled before under way. */
const worstInput = `(select x.status from derivation_inputs i join builds x on x.id = i.input_id
  where i.derivation_id = b.id and x.status <> 'succeeded'
  order by x.status like 'failed%' desc, x.status = 'canceled' desc limit 1)`;

const isFetched = 'exists (select from substitutions t where t.build_id = b.id)';

export class WaitQueries {
  constructor(private readonly database: Database) {}

  /** Null for a build that is not scheduled. */
  async factsOf(build: BuildId): Promise<WaitFacts | null> {
    const [[row], workers] = await Promise.all([
      this.database.query<FactsRow>(
        `select d.system, d.required_features, b.not_before, b.release_expires_at, b.worker_class,
                now() as now, ${isFetched} as substituting,
                coalesce((select jsonb_agg(jsonb_build_object('build', x.id, 'status', x.status))
                  from (select x.id, x.status from derivation_inputs i
                          join builds x on x.id = i.input_id
                         where i.derivation_id = b.id and x.status <> 'succeeded'
                         order by x.status like 'failed%' desc, x.status = 'canceled' desc, x.id
                         limit $2) x), '[]') as inputs
           from builds b join derivations d on d.id = b.id
          where b.id = $1 and b.status = 'scheduled'`,
        [build, inputsAtMost],
      ),
      this.workers(build),
    ]);
    if (!row) return null;
    return {
      demand: { system: row.system, requiredFeatures: row.required_features },
      inputs: row.inputs.map((i) => ({ build: id<BuildId>(i.build), status: i.status })),
      notBefore: row.not_before?.getTime() ?? null,
      releaseExpiresAt: row.release_expires_at?.getTime() ?? null,
      workerClass: row.worker_class,
      workers,
      now: row.now.getTime(),
      substituting: row.substituting,
    };
  }

  /** With what they have done to a build, when one is named. */
  async workers(build: BuildId | null = null): Promise<WorkerState[]> {
    return this.database.query<Row & WorkerState>(
      `select systems, features, speed, slots, ${workerStanding},
              exists (select from builds b where b.id = $1 and b.farm_faults > 0
                         and ${hasFailed('workers.id')}) as avoided
         from workers where removed_at is null`,
      [build],
    );
  }

  /**
   * The next `limit` scheduled builds, by what keeps them: all at once would keep a core of
   * Postgres from everybody else for as long as there are builds.
   */
  async groups(after: QueuePlace | null, limit: number): Promise<WaitingPart> {
    const rows = await this.database.query<GroupRow>(
      `with b as materialized (
         select * from builds where status = 'scheduled' and (priority, id) > ($1, $2::bigint)
          order by priority, id limit $3)
       select d.system, d.required_features, w.blocked_by, now() as now, count(*) as builds,
              b.priority, min(b.scheduled_at) as oldest, max(b.id) as last,
              case when b.release_expires_at > now() then b.worker_class end as worker_class,
              coalesce(b.not_before > now(), false) as backing_off, ${isFetched} as substituting
         from b
        cross join lateral (select * from derivations where id = b.id offset 0) d
        cross join lateral (select ${worstInput} as blocked_by) w
        group by 1, 2, 3, 4, 6, 9, 10, 11`,
      [after?.priority ?? -1, after?.build ?? 0, limit],
    );
    const builds = rows.reduce((sum, row) => sum + row.builds, 0);
    return { groups: rows.map(groupOf), next: builds < limit ? null : lastOf(rows) };
  }

  /** Builds that workers have: never more than there are slots. */
  async running(): Promise<RunningCount[]> {
    return this.database.query<Row & RunningCount>(
      `select d.system, count(*) filter (where b.status = 'submitted') as submitted,
              count(*) filter (where b.status = 'started') as started
         from builds b
        cross join lateral (select system from derivations where id = b.id offset 0) d
        where b.status in ('submitted', 'started') group by 1`,
    );
  }
}

function groupOf(row: GroupRow): WaitingGroup {
  const now = row.now.getTime();
  const input = { build: id<BuildId>(1), status: row.blocked_by ?? 'scheduled' };
  return {
    demand: { system: row.system, requiredFeatures: row.required_features },
    inputs: row.blocked_by === null ? [] : [input],
    notBefore: row.backing_off ? now + 1 : null,
    releaseExpiresAt: row.worker_class === null ? null : now + 1,
    workerClass: row.worker_class,
    now,
    ...{ builds: row.builds, priority: row.priority, oldest: row.oldest },
    substituting: row.substituting,
  };
}

function lastOf(rows: readonly GroupRow[]): QueuePlace {
  const priority = Math.max(...rows.map((row) => row.priority));
  const alike = rows.filter((row) => row.priority === priority);
  return { priority, build: Math.max(...alike.map(({ last }) => last)) };
}
