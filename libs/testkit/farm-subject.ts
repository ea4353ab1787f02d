/**
 * A farm's truth as tests and the simulator see it: the stores of the engine over one database,
 * what the outside world does to that database, its clock, and all its rows. The fake and real
 * Postgres are both such a subject, and pass the same suites. Times are milliseconds since 1970.
 */
import type { EvaluationId, SpecificationId, WorkerId } from '#domain/ids.js';
import type { SupersededPolicy } from '#domain/specification/specification.js';
import type { WorkerClass } from '#domain/worker/worker-class.js';
import type { ClaimStore } from '#application/ports/claim-store.js';
import type { EvaluationLease, EvaluationLeases } from '#application/ports/evaluation-leases.js';
import type { FailureStore } from '#application/ports/failure-store.js';
import type { IngestStore } from '#application/ports/ingest-store.js';
import type { IntentStore } from '#application/ports/intent-store.js';
import type { AttemptClaim, LeaseStore } from '#application/ports/lease-store.js';
import type {
  AuditStore,
  DurationStore,
  EvaluationJobStore,
  PlannerStore,
} from '#application/ports/planner-store.js';
import type { ReleaseStore } from '#application/ports/release-store.js';
import type { ReportStore } from '#application/ports/report-store.js';
import type { WishStore } from '#application/ports/wish-store.js';
import type { WorkerRecords } from '#application/ports/worker-record.js';
import type { WorkerStandingStore } from '#application/ports/worker-standing-store.js';
import type { WorkerStore } from '#application/ports/worker-store.js';
import type { FarmRows } from './farm-rows.js';

export * from './farm-rows.js';

export interface FarmStores {
  readonly releases: ReleaseStore;
  readonly claims: ClaimStore;
  readonly reports: ReportStore;
  readonly leases: LeaseStore;
  readonly failures: FailureStore;
  readonly workers: WorkerStore;
  readonly ingest: IngestStore;
  readonly graph: PlannerStore & AuditStore;
  readonly jobs: EvaluationJobStore;
  readonly durations: DurationStore;
  readonly intents: IntentStore;
  readonly wishes: WishStore;
  readonly readings: Pick<EvaluationLeases, 'finish'>;
  readonly standings: WorkerStandingStore;
  readonly records: WorkerRecords;
}

export interface SpecificationWish {
  readonly share: number;
  readonly maxRunning: number | null;
  readonly superseded: SupersededPolicy;
}

export interface WorkerWish extends WorkerClass {
  readonly name: string;
  readonly slots: number;
}

export interface FarmSubject {
  readonly stores: FarmStores;
  /** The clock of the database stands until it is set again. */
  setClock(now: number): Promise<void>;
  specification(wish?: SpecificationWish): Promise<SpecificationId>;
  /** Enrolled, and not connected yet. */
  worker(wish: WorkerWish): Promise<WorkerId>;
  /** A new one, begun and in the hand of one evaluator; without `of` of a new specification. */
  evaluation(of?: SpecificationId): Promise<EvaluationLease>;
  /**
   * Another evaluator has taken it over and reads it anew: the former fence is void, its jobs are
   * gone. Null when it is read no more.
   */
  takeOver(evaluation: EvaluationId): Promise<EvaluationLease | null>;
  /** A nar arrives, as the substituter takes it: only for a live lease. False when refused. */
  upload(claim: AttemptClaim, path: string, narHash: string): Promise<boolean>;
  rows(): Promise<FarmRows>;
  close(): Promise<void>;
}
