/**
 * The farm over real Postgres, on a clock that stands until it is set: a `now()` of our own, found
 * before Postgres's, answers what a table says. Times in answers are milliseconds since 1970.
 */
import { PostgresClaimStore } from '#adapters/postgres/claim-store.js';
import {
  Database,
  type Client,
  type Parting,
  type Prepared,
  type Row,
} from '#adapters/postgres/database.js';
import { PostgresEvaluationLeases } from '#adapters/postgres/evaluation-store.js';
import { PostgresFailureStore } from '#adapters/postgres/failure-store.js';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import { PostgresIntentStore } from '#adapters/postgres/intent-store.js';
import { PostgresLeaseStore } from '#adapters/postgres/lease-store.js';
import { PostgresDurationStore } from '#adapters/postgres/planner-durations.js';
import { PostgresEvaluationJobStore } from '#adapters/postgres/planner-jobs.js';
import { PostgresPlannerStore } from '#adapters/postgres/planner-store.js';
import { PostgresReleaseStore } from '#adapters/postgres/release-store.js';
import { PostgresReportStore } from '#adapters/postgres/report-store.js';
import { PostgresWishStore } from '#adapters/postgres/wish-store.js';
import { PostgresWorkerRecord } from '#adapters/postgres/worker-record.js';
import { PostgresWorkerStandingStore } from '#adapters/postgres/worker-standing-store.js';
import { PostgresWorkerStore } from '#adapters/postgres/worker-store.js';
import { randomFence } from '#adapters/system/secret.js';
import {
  id,
  type EvaluationId,
  type Fence,
  type SpecificationId,
  type WorkerId,
} from '#domain/ids.js';
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type { AttemptClaim } from '#application/ports/lease-store.js';
import type {
  FarmRows,
  FarmStores,
  FarmSubject,
  SpecificationWish,
  WorkerWish,
} from './farm-subject.js';
import type { TestDatabase } from './postgres.js';

const standingClock = `
  create schema simulated;
  create table simulated.clock (at timestamptz not null);
  insert into simulated.clock values ('2026-11-20 00:00:00+00');
  create function simulated.now() returns timestamptz language sql stable
    as 'select at from simulated.clock';
  create function simulated.clock_timestamp() returns timestamptz language sql stable
    as 'select at from simulated.clock';
  alter table builds alter column scheduled_at set default simulated.now();
  alter table attempts alter column created_at set default simulated.now();
  alter table intents alter column requested_at set default simulated.now()`;

const ms = (column: string): string =>
  `(extract(epoch from ${column}) * 1000)::bigint as "${camel(column)}"`;

function camel(column: string): string {
  return column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const tables: Record<Exclude<keyof FarmRows, 'now'>, string> = {
  builds: `select id, evaluation_id as evaluation, status, reason, priority, generation, attempts,
                  timeout_seconds as "timeoutSeconds", max_silent_seconds as "maxSilentSeconds",
                  worker_class as "workerClass", ${ms('release_expires_at')}, ${ms('not_before')},
                  farm_faults as "farmFaults", failed_input_id as "failedInput",
                  failure_propagated as "failurePropagated", ${ms('started_at')}, ${ms('ended_at')},
                  ${ms('scheduled_at')}, tried_timeout_seconds as "triedTimeoutSeconds",
                  tried_max_silent_seconds as "triedMaxSilentSeconds"
             from builds order by id`,
  derivations: `select id, path, package_name as "packageName", system,
                       required_features as "requiredFeatures"
                  from derivations order by id`,
  edges: `select derivation_id as build, input_id as input
            from derivation_inputs order by derivation_id, input_id`,
  outputs: `select derivation_id as build, name, path from outputs order by derivation_id, name`,
  attempts: `select id, evaluation_id as evaluation, build_id as build, number,
                    worker_id as worker, slot, status, reason, message, fence,
                    log_bytes as "logBytes", ${ms('created_at')}, ${ms('started_at')},
                    ${ms('ended_at')}
               from attempts order by id`,
  leases: `select build_id as build, attempt_id as attempt, evaluation_id as evaluation,
                  worker_id as worker, slot, fence, ${ms('expires_at')},
                  cancel_reason as "cancelReason"
             from leases order by build_id`,
  uploads: `select principal, path, nar_hash as "narHash" from uploads order by id`,
  paths: `select path, nar_hash as "narHash", attempt_id as attempt,
                 array(select reference from store_path_references r
                        where r.path_id = p.id order by reference) as "references",
                 (select count(*) from nars n where n.path_id = p.id) as nars
            from store_paths p order by id`,
  workers: `select id, name, systems, features, speed, slots, gateway, draining,
                   ${ms('last_seen_at')}, ${ms('paused_at')}, ${ms('pause_until')},
                   holds_back as "holdsBack", ${ms('removed_at')}
              from workers order by id`,
  evaluations: `select id, specification_id as specification, lease_fence as fence, status,
                       ${ms('canceled_at')}
                  from evaluations order by id`,
  jobs: 'select id, evaluation_id as evaluation, build_id as build from jobs order by id',
  intents: `select id, kind, mode, evaluation_id as evaluation, build_id as build, reason,
                   ${ms('requested_at')}, ${ms('finished_at')}
              from intents order by id`,
  durations: `select package_name as "packageName", system, milliseconds, samples
                from package_durations order by package_name, system`,
};

const columns = Object.entries(tables).map(
  ([name, query]) => `(select coalesce(json_agg(t), '[]') from (${query}) t) as ${name}`,
);
const allRows = `select (extract(epoch from now()) * 1000)::bigint as now, ${columns.join(', ')}`;

/** Sets the clock just before the next statement, since most of its moves nobody looks at. */
class ClockedDatabase extends Database {
  private wanted: number | null = null;

  setClock(now: number): void {
    this.wanted = now;
  }

  override async query<T extends Row = Row>(text: string, values?: readonly unknown[]) {
    await this.tick();
    return super.query<T>(text, values);
  }

  override async execute(text: string, values?: readonly unknown[]): Promise<number> {
    await this.tick();
    return super.execute(text, values);
  }

  override async transaction<T>(work: (client: Client) => Promise<T>): Promise<T> {
    await this.tick();
    return super.transaction(work);
  }

  override async byKeys<T extends Row = Row>(
    asked: Prepared,
    values: readonly unknown[],
  ): Promise<T[]> {
    await this.tick();
    return super.byKeys<T>(asked, values);
  }

  override async inFlights<T>(work: (client: Client) => Promise<Parting<T>>): Promise<T> {
    await this.tick();
    return super.inFlights(work);
  }

  override async dedicated(): ReturnType<Database['dedicated']> {
    await this.tick();
    return super.dedicated();
  }

  private async tick(): Promise<void> {
    if (this.wanted === null) return;
    const { wanted } = this;
    this.wanted = null;
    await super.execute('update simulated.clock set at = to_timestamp($1 / 1000.0)', [wanted]);
  }
}

export class PostgresFarm implements FarmSubject {
  readonly stores: FarmStores;

  private constructor(
    readonly database: ClockedDatabase,
    private readonly owned: TestDatabase,
  ) {
    this.stores = {
      releases: new PostgresReleaseStore(database),
      claims: new PostgresClaimStore(database),
      reports: new PostgresReportStore(database),
      leases: new PostgresLeaseStore(database),
      failures: new PostgresFailureStore(database),
      workers: new PostgresWorkerStore(database),
      ingest: new PostgresIngestStore(database),
      graph: new PostgresPlannerStore(database),
      jobs: new PostgresEvaluationJobStore(database),
      durations: new PostgresDurationStore(database),
      intents: new PostgresIntentStore(database),
      wishes: new PostgresWishStore(database),
      readings: new PostgresEvaluationLeases(database),
      standings: new PostgresWorkerStandingStore(database),
      records: new PostgresWorkerRecord(database),
    };
  }

  /** Drops the database when it is closed. */
  static async open(owned: TestDatabase): Promise<PostgresFarm> {
    const first = new Database(owned.url, 1);
    await first.query(standingClock);
    const name = new URL(owned.url).pathname.slice(1);
    await first.query(`alter database ${name} set search_path = simulated, pg_catalog, public`);
    await first.close();
    const database = new ClockedDatabase(owned.url, 4);
    return new PostgresFarm(database, owned);
  }

  async setClock(now: number): Promise<void> {
    this.database.setClock(now);
  }

  async worker({ name, systems, features, speed, slots }: WorkerWish): Promise<WorkerId> {
    const [row] = await this.database.query<{ id: number }>(
      `insert into workers (name, credential_hash, systems, features, speed, slots)
       values ($1, 'hash', $2, $3, $4, $5) returning id`,
      [name, systems, features, speed, slots],
    );
    return id<WorkerId>(row!.id);
  }

  async specification(wish?: SpecificationWish): Promise<SpecificationId> {
    const [row] = await this.database.query<{ id: number }>(
      `with s as (
         insert into specifications (name, version) values (gen_random_uuid()::text, 1)
         returning id),
       v as (
         insert into specification_versions (specification_id, version, document)
         select id, 1, $1 from s)
       select id from s`,
      [JSON.stringify(wish ?? {})],
    );
    return id<SpecificationId>(row!.id);
  }

  async evaluation(of?: SpecificationId): Promise<EvaluationLease> {
    const fence = randomFence();
    const specification = of ?? (await this.specification());
    const [row] = await this.database.query<{ id: number }>(
      `insert into evaluations (specification_id, specification_version, revisions_digest, try,
                                trigger, status, lease_fence)
       values ($2, 1, $1, 1, 'poll', 'started', $1) returning id`,
      [fence, specification],
    );
    const evaluation = id<EvaluationId>(row!.id);
    await this.database.query('select ensure_evaluation_partitions($1)', [evaluation]);
    return { evaluation, fence };
  }

  async takeOver(evaluation: EvaluationId): Promise<EvaluationLease | null> {
    const fence: Fence = randomFence();
    return this.database.transaction(async (client) => {
      const taken = await client.query(
        `update evaluations set lease_fence = $2 where id = $1 and status = 'started'`,
        [evaluation, fence],
      );
      await client.query('delete from jobs where evaluation_id = $1 and $2', [
        evaluation,
        taken.rowCount === 1,
      ]);
      return taken.rowCount === 1 ? { evaluation, fence } : null;
    });
  }

  async upload(claim: AttemptClaim, path: string, narHash: string): Promise<boolean> {
    const written = await this.database.execute(
      `insert into uploads (store_id, path, principal, nar_hash, nar_size, compression,
                            file_hash, file_size, file_key)
       select s.id, $3, 'attempt-' || l.attempt_id, $4, 5, 'zstd', 'sha256:f', 4, $4
         from leases l join stores s on s.slug = 'local'
        where l.attempt_id = $1 and l.fence = $2 and l.expires_at > now()
       on conflict (principal, store_id, path) do update set nar_hash = excluded.nar_hash`,
      [claim.attempt, claim.fence, path, narHash],
    );
    return written === 1;
  }

  async rows(): Promise<FarmRows> {
    const [row] = await this.database.query<FarmRows & Record<string, unknown>>(allRows);
    return row!;
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.owned.drop();
  }
}
