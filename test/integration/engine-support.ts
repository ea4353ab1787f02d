/**
 * A farm's rows for the engine's specs: builds with their edges, workers, uploads, and what became
 * of them.
 */
import { id, type AttemptId, type BuildId, type Fence, type WorkerId } from '#domain/ids.js';
import type { BuildStatus } from '#domain/build/status.js';
import { workerClassName } from '#domain/worker/worker-class.js';
import { hashSecret, randomFence } from '#adapters/system/secret.js';
import { PostgresClaimStore } from '#adapters/postgres/claim-store.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresFailureStore } from '#adapters/postgres/failure-store.js';
import { PostgresLeaseStore } from '#adapters/postgres/lease-store.js';
import { PostgresEvaluationJobStore } from '#adapters/postgres/planner-jobs.js';
import { PostgresPlannerStore } from '#adapters/postgres/planner-store.js';
import { PostgresReleaseStore } from '#adapters/postgres/release-store.js';
import { PostgresReportStore } from '#adapters/postgres/report-store.js';
import { PostgresWorkerStore } from '#adapters/postgres/worker-store.js';
import type { ClaimedBuild } from '#application/ports/claim-store.js';
import { rebuildPlanner } from '#application/follow-builds.js';
import type { PlannerMemory } from '#application/planner-memory.js';
import { releaseTickets, type ReleasePass } from '#application/release-tickets.js';
import { defaultPolicy } from '#domain/scheduling/planner.js';
import type { FakeTicketQueue } from '#testkit/fakes/ticket-queue.js';
import type { TestDatabase } from '#testkit/postgres.js';

export const leaseSeconds = 30;
export const amd = { systems: ['x86_64-linux'], features: ['kvm'], speed: 1 };
export const amdClass = workerClassName(amd);
export const secret = 'a-credential-of-a-worker';

export interface WorkerWish {
  readonly slots?: number;
  readonly name?: string;
}

export interface TestPlanner {
  readonly memory: PlannerMemory;
  pass(): Promise<ReleasePass>;
}

export class EngineFarm {
  readonly releases: PostgresReleaseStore;
  readonly graph: PostgresPlannerStore;
  readonly jobs: PostgresEvaluationJobStore;
  readonly claims: PostgresClaimStore;
  readonly reports: PostgresReportStore;
  readonly leases: PostgresLeaseStore;
  readonly failures: PostgresFailureStore;
  readonly workers: PostgresWorkerStore;

  private constructor(
    readonly database: Database,
    private readonly owned: TestDatabase,
  ) {
    this.releases = new PostgresReleaseStore(database);
    this.graph = new PostgresPlannerStore(database);
    this.jobs = new PostgresEvaluationJobStore(database);
    this.claims = new PostgresClaimStore(database);
    this.reports = new PostgresReportStore(database);
    this.leases = new PostgresLeaseStore(database);
    this.failures = new PostgresFailureStore(database);
    this.workers = new PostgresWorkerStore(database);
  }

  static async open(owned: TestDatabase): Promise<EngineFarm> {
    const database = new Database(owned.url, 20);
    await database.query('select ensure_evaluation_partitions(1)');
    return new EngineFarm(database, owned);
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.owned.drop();
  }

  /** A planner as a coordinator that has just gained the lead has it. */
  async planner(tickets: FakeTicketQueue): Promise<TestPlanner> {
    const { graph, jobs, releases: store } = this;
    const parts = { graph, jobs, store, tickets, epoch: tickets };
    const memory = await rebuildPlanner(graph, defaultPolicy);
    return { memory, pass: () => releaseTickets(parts, memory) };
  }

  /** `count` builds with one output each; ids follow one another. */
  async builds(count: number, status: BuildStatus = 'scheduled'): Promise<BuildId[]> {
    const rows = await this.database.query<{ id: number }>(
      `with d as (
         insert into derivations (store_id, path, name, package_name, system)
         select 3, lpad(n::text, 32, '0') || '-d' || n || '.drv', 'd' || n, 'd', 'x86_64-linux'
           from (select coalesce((select max(id) from derivations), 0) + g as n
                   from generate_series(1, $1::int) g) as numbers
         returning id, path),
       o as (insert into outputs (derivation_id, name, store_id, path)
         select id, 'out', 3, left(path, 32) || '-out' from d),
       b as (insert into builds (id, evaluation_id, status) select id, 1, $2 from d)
       select id from d order by id`,
      [count, status],
    );
    return rows.map((row) => id<BuildId>(row.id));
  }

  async edges(edges: readonly (readonly [build: BuildId, input: BuildId])[]): Promise<void> {
    await this.database.execute(
      `insert into derivation_inputs (derivation_id, input_id)
       select * from unnest($1::bigint[], $2::bigint[])`,
      [edges.map(([build]) => build), edges.map(([, input]) => input)],
    );
  }

  /** Enrolled, connected and of the class `amd`. */
  async worker({ slots = 1, name = `w${Math.random()}` }: WorkerWish = {}): Promise<WorkerId> {
    const [row] = await this.database.query<{ id: number }>(
      `insert into workers (name, credential_hash, systems, features, speed, slots, class,
                            gateway, last_seen_at)
       values ($1, $2, $3, $4, $5, $6, $7, 'test', now()) returning id`,
      [name, hashSecret(secret), amd.systems, amd.features, amd.speed, slots, amdClass],
    );
    return id<WorkerId>(row!.id);
  }

  async status(build: BuildId): Promise<Record<string, unknown>> {
    const [row] = await this.database.query('select * from builds where id = $1', [build]);
    return row ?? {};
  }

  async statuses(): Promise<Record<string, number>> {
    const rows = await this.database.query<{ status: string; count: number }>(
      'select status, count(*) as count from builds group by status',
    );
    return Object.fromEntries(rows.map((row) => [row.status, row.count]));
  }

  async attempts(build: BuildId): Promise<Record<string, unknown>[]> {
    return this.database.query(
      `select number, worker_id, status, reason, message from attempts
        where build_id = $1 order by number`,
      [build],
    );
  }

  /** Released and claimed; the claim must succeed. */
  async claimed(build: BuildId, worker: WorkerId, slot = 0): Promise<ClaimedBuild> {
    const assignment = { build, workerClass: amdClass, rank: 10 };
    const { tickets } = await this.releases.release([assignment], 30);
    const { generation } = tickets[0]!;
    const fence = randomFence();
    const claimed = await this.claims.claim({
      worker,
      slot,
      build,
      generation,
      fence,
      leaseSeconds,
    });
    if (!claimed.ok) throw new Error(`build ${build}: ${claimed.error.kind}`);
    return claimed.value;
  }

  /** The nar of the attempt's only output has arrived. */
  async uploaded(attempt: AttemptId, path: string, narHash = 'sha256:1'): Promise<void> {
    await this.database.execute(
      `insert into uploads (store_id, path, principal, nar_hash, nar_size, compression,
                            file_hash, file_size, file_key)
       values (3, $2, $1, $3, 5, 'zstd', 'sha256:f', 4, 'f')`,
      [`attempt-${attempt}`, path, narHash],
    );
  }

  async lapse(attempt: AttemptId): Promise<void> {
    await this.database.execute(
      `update leases set expires_at = now() - interval '1 second' where attempt_id = $1`,
      [attempt],
    );
  }

  async presence(upSeconds: number, seenSeconds = 0): Promise<void> {
    await this.database.execute('delete from gateway_presence');
    await this.database.execute(
      `insert into gateway_presence (up_since, seen_at)
       values (now() - make_interval(secs => $1), now() - make_interval(secs => $2))`,
      [upSeconds, seenSeconds],
    );
  }
}

export function success(claimed: ClaimedBuild, worker: WorkerId, fence?: Fence) {
  const path = claimed.outputs[0]?.path ?? '';
  return {
    worker,
    attempt: claimed.attempt,
    fence: fence ?? claimed.fence,
    logBytes: 7,
    outputs: [{ name: 'out', path, narHash: 'sha256:1', narSize: 5, references: [] as string[] }],
    outcome: { kind: 'succeeded' } as const,
  };
}
