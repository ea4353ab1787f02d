/**
 * What is known of builds that wait, for `waitReason` to judge. Only unfinished inputs are looked
 * at, and of those a few: a reason names examples, not all of them.
 */
import { id, type BuildId } from '#domain/ids.js';
import type { BuildStatus } from '#domain/build/status.js';
import type { WaitFacts } from '#domain/scheduling/wait-reason.js';
import type { WorkerState } from '#domain/scheduling/worker-state.js';
import type { QueueAnswer } from '#protocol/api/worker.js';
import { hasFailed } from './avoided-worker.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';
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

interface SystemRow extends Row {
  system: string;
  scheduled: number;
  submitted: number;
  started: number;
  oldest: Date | null;
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

  /** All scheduled builds, by what keeps them. */
  async groups(): Promise<WaitingGroup[]> {
    const rows = await this.database.query<GroupRow>(
      `select d.system, d.required_features, w.blocked_by, now() as now, count(*) as builds,
              b.priority, min(b.scheduled_at) as oldest,
              case when b.release_expires_at > now() then b.worker_class end as worker_class,
              coalesce(b.not_before > now(), false) as backing_off, ${isFetched} as substituting
         from builds b join derivations d on d.id = b.id
        cross join lateral (select ${worstInput} as blocked_by) w
        where b.status = 'scheduled'
        group by 1, 2, 3, 4, 6, 8, 9, 10`,
    );
    return rows.map((row) => {
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
    });
  }

  async bySystem(): Promise<QueueAnswer['bySystem']> {
    const rows = await this.database.query<SystemRow>(
      `select d.system, count(*) filter (where b.status = 'scheduled') as scheduled,
              count(*) filter (where b.status = 'submitted') as submitted,
              count(*) filter (where b.status = 'started') as started,
              min(b.scheduled_at) filter (where b.status = 'scheduled') as oldest
         from (select id, status, scheduled_at from builds where status = 'scheduled'
               union all
               select id, status, scheduled_at from builds where status in ('submitted', 'started')
              ) b join derivations d on d.id = b.id
        group by d.system order by d.system`,
    );
    return rows.map(({ oldest, ...counts }) => ({ ...counts, oldestScheduledAt: iso(oldest) }));
  }
}
