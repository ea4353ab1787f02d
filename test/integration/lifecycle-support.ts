/** Evaluations with jobs and failures on the engine's rows, for specs of restarts and cancels. */
import type { BuildStatus } from '#domain/build/status.js';
import { id, type BuildId, type EvaluationId } from '#domain/ids.js';
import { PostgresIntentStore } from '#adapters/postgres/intent-store.js';
import { PostgresWishStore } from '#adapters/postgres/wish-store.js';
import { carryOutIntents } from '#application/carry-out-intents.js';
import { propagateFailure } from '#application/propagate-failure.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import { EngineFarm } from './engine-support.js';

export class LifecycleFarm {
  readonly bus = new FakeBus();
  readonly wishes: PostgresWishStore;
  readonly intents: PostgresIntentStore;

  constructor(readonly engine: EngineFarm) {
    this.wishes = new PostgresWishStore(engine.database);
    this.intents = new PostgresIntentStore(engine.database);
  }

  get parts(): { store: PostgresWishStore; bus: FakeBus } {
    return { store: this.wishes, bus: this.bus };
  }

  carryOut(goOn?: () => boolean): Promise<number> {
    return carryOutIntents({ store: this.intents, bus: this.bus }, goOn);
  }

  tellFailures(): Promise<number> {
    return propagateFailure({ store: this.engine.failures, bus: this.bus });
  }

  /** An evaluation of a specification of that name, with one job for each of the builds. */
  async evaluation(
    name: string,
    jobs: readonly BuildId[],
    wish: { readonly status?: string; readonly document?: object } = {},
  ): Promise<EvaluationId> {
    const { database } = this.engine;
    await database.execute(
      `insert into specifications (name, version) values ($1, 1)
       on conflict (name) where archived_at is null do nothing`,
      [name],
    );
    await database.execute(
      `insert into specification_versions (specification_id, version, document)
       select id, 1, $2 from specifications where name = $1 on conflict do nothing`,
      [name, JSON.stringify(wish.document ?? {})],
    );
    const [row] = await database.query<{ id: number }>(
      `insert into evaluations (specification_id, specification_version, revisions_digest, try,
                                trigger, status)
       select id, 1, gen_random_uuid()::text, 1, 'poll', $2 from specifications where name = $1
       returning id`,
      [name, wish.status ?? 'succeeded'],
    );
    const evaluation = id<EvaluationId>(row!.id);
    await database.execute('select ensure_evaluation_partitions($1)', [evaluation]);
    await this.jobs(evaluation, jobs);
    return evaluation;
  }

  async jobs(evaluation: EvaluationId, builds: readonly BuildId[]): Promise<void> {
    await this.engine.database.execute(
      `with n as (insert into job_names (name) select 'job-' || b from unnest($2::bigint[]) b
                  on conflict (name) do update set name = excluded.name returning id, name)
       insert into jobs (evaluation_id, name_id, system, build_id)
       select $1, n.id, 'x86_64-linux', b
         from unnest($2::bigint[]) b join n on n.name = 'job-' || b`,
      [evaluation, builds],
    );
  }

  async ended(
    build: BuildId,
    status: BuildStatus,
    reason: string | null = 'builder-failed',
  ): Promise<void> {
    await this.engine.database.execute(
      `update builds set status = $2, reason = $3, ended_at = now(), failure_propagated = false
        where id = $1`,
      [build, status, reason],
    );
  }

  async statusOf(...builds: readonly BuildId[]): Promise<string[]> {
    const rows = await this.engine.database.query<{ status: string }>(
      `select b.status from unnest($1::bigint[]) with ordinality o (id, at)
         join builds b on b.id = o.id order by o.at`,
      [builds],
    );
    return rows.map((row) => row.status);
  }
}
