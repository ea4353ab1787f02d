/** The whole farm over one fake database. */
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
} from '../farm-subject.js';
import { FakeClaimStore } from './claim-store.js';
import { FakeEvaluationEnds } from './evaluation-ends.js';
import { FakeFailureStore } from './failure-store.js';
import { FakeFarmDatabase } from './farm-database.js';
import { FakeIngestStore } from './ingest-store.js';
import { FakeIntentStore } from './intent-store.js';
import { FakeLeaseStore } from './lease-store.js';
import { FakeDurationStore, FakeEvaluationJobStore } from './planner-facts.js';
import { FakePlannerStore } from './planner-store.js';
import { FakeReleaseStore } from './release-store.js';
import { FakeReportStore } from './report-store.js';
import { FakeWishStore } from './wish-store.js';
import { FakeWorkerRecords, FakeWorkerStanding } from './worker-standing.js';
import { addWorker, FakeWorkerStore } from './worker-store.js';

const ordinary: SpecificationWish = { share: 100, maxRunning: null, superseded: 'keep' };

export class FakeFarm implements FarmSubject {
  readonly stores: FarmStores;

  constructor(readonly database = new FakeFarmDatabase()) {
    this.stores = {
      releases: new FakeReleaseStore(database),
      claims: new FakeClaimStore(database),
      reports: new FakeReportStore(database),
      leases: new FakeLeaseStore(database),
      failures: new FakeFailureStore(database),
      workers: new FakeWorkerStore(database),
      ingest: new FakeIngestStore(database),
      graph: new FakePlannerStore(database),
      jobs: new FakeEvaluationJobStore(database),
      durations: new FakeDurationStore(database),
      intents: new FakeIntentStore(database),
      wishes: new FakeWishStore(database),
      readings: new FakeEvaluationEnds(database),
      standings: new FakeWorkerStanding(database),
      records: new FakeWorkerRecords(database),
    };
  }

  async setClock(now: number): Promise<void> {
    this.database.now = now;
  }

  async worker(wish: WorkerWish): Promise<WorkerId> {
    return this.database.transaction(() => addWorker(this.database, wish, 'hash'));
  }

  async specification(wish = ordinary): Promise<SpecificationId> {
    const specification = id<SpecificationId>(this.database.next('specifications'));
    await this.database.transaction(() =>
      this.database.specifications.insert({ id: specification, ...wish }),
    );
    return specification;
  }

  async evaluation(of?: SpecificationId): Promise<EvaluationLease> {
    const specification = of ?? (await this.specification());
    const evaluation = id<EvaluationId>(this.database.next('evaluations'));
    const fence = this.fence();
    await this.database.transaction(() =>
      this.database.evaluations.insert({
        ...{ id: evaluation, specification, fence, status: 'started', canceledAt: null },
      }),
    );
    return { evaluation, fence };
  }

  async takeOver(evaluation: EvaluationId): Promise<EvaluationLease | null> {
    const { evaluations, jobs } = this.database;
    const row = evaluations.find(evaluation)!;
    if (row.status !== 'started') return null;
    const fence = this.fence();
    await this.database.transaction(() => {
      evaluations.patch(row, { fence });
      const former = jobs.all().filter((job) => job.evaluation === evaluation);
      for (const job of former) jobs.remove(job);
    });
    return { evaluation, fence };
  }

  async upload(claim: AttemptClaim, path: string, narHash: string): Promise<boolean> {
    const { leases, uploads, now } = this.database;
    const lease = leases.find(claim.attempt, 'leases_attempt_id_key');
    if (lease?.fence !== claim.fence || lease.expiresAt <= now) return false;
    const principal = `attempt-${claim.attempt}`;
    await this.database.transaction(() => {
      const before = uploads.find(`${principal} ${path}`);
      if (before) uploads.patch(before, { narHash });
      else uploads.insert({ principal, path, narHash });
    });
    return true;
  }

  /** The rows themselves, not copies: they change with the next transaction. */
  async rows(): Promise<FarmRows> {
    const { database } = this;
    return {
      now: database.now,
      builds: database.builds.all(),
      derivations: database.derivations.all(),
      edges: database.edges.all(),
      outputs: database.outputs.all(),
      attempts: database.attempts.all(),
      leases: database.leases.all(),
      uploads: database.uploads.all(),
      paths: database.paths.all(),
      workers: database.workers.all(),
      evaluations: database.evaluations.all(),
      jobs: database.jobs.all(),
      intents: database.intents.all(),
      durations: database.durations.all(),
    };
  }

  async close(): Promise<void> {
    // Memory needs no closing.
  }

  private fence(): Fence {
    return this.database.next('fences').toString(16).padStart(16, '0') as Fence;
  }
}
