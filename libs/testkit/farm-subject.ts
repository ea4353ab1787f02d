/**
 * A farm's truth as tests and the simulator see it: the stores of the engine over one database,
 * what the outside world does to that database, its clock, and all its rows. The fake and real
 * Postgres are both such a subject, and pass the same suites. Times are milliseconds since 1970.
 */
import type { AttemptId, BuildId, EvaluationId, Fence, WorkerId } from '#domain/ids.js';
import type { AttemptStatus, BuildStatus } from '#domain/build/status.js';
import type { WorkerClass } from '#domain/worker/worker-class.js';
import type { ClaimStore } from '#application/ports/claim-store.js';
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type { FailureStore } from '#application/ports/failure-store.js';
import type { IngestStore } from '#application/ports/ingest-store.js';
import type { AttemptClaim, LeaseStore } from '#application/ports/lease-store.js';
import type {
  AuditStore,
  DurationStore,
  EvaluationJobStore,
  PlannerStore,
} from '#application/ports/planner-store.js';
import type { ReleaseStore } from '#application/ports/release-store.js';
import type { ReportStore } from '#application/ports/report-store.js';
import type { WorkerStore } from '#application/ports/worker-store.js';

export interface BuildRow {
  id: BuildId;
  evaluation: EvaluationId;
  status: BuildStatus;
  reason: string | null;
  priority: number;
  timeoutSeconds: number | null;
  maxSilentSeconds: number | null;
  generation: number;
  workerClass: string | null;
  releaseExpiresAt: number | null;
  notBefore: number | null;
  attempts: number;
  farmFaults: number;
  failedInput: BuildId | null;
  failurePropagated: boolean;
  /** When it was last wished for. */
  scheduledAt: number;
  /** The limits that its last attempt was given. */
  triedTimeoutSeconds: number | null;
  triedMaxSilentSeconds: number | null;
  startedAt: number | null;
  endedAt: number | null;
}

export interface DerivationRow {
  id: BuildId;
  path: string;
  system: string;
  requiredFeatures: readonly string[];
}

export interface AttemptRow {
  id: AttemptId;
  evaluation: EvaluationId;
  build: BuildId;
  number: number;
  worker: WorkerId;
  slot: number;
  status: AttemptStatus;
  reason: string | null;
  message: string | null;
  fence: Fence;
  logBytes: number;
  createdAt: number;
  endedAt: number | null;
}

export interface LeaseRow {
  build: BuildId;
  attempt: AttemptId;
  evaluation: EvaluationId;
  worker: WorkerId;
  slot: number;
  fence: Fence;
  expiresAt: number;
  cancelReason: string | null;
}

export interface UploadRow {
  principal: string;
  path: string;
  narHash: string;
}

/** An offered path of the store `local`. */
export interface PathRow {
  path: string;
  narHash: string;
  attempt: AttemptId | null;
  references: readonly string[];
  /** How many nars it is offered as; none would be a broken promise. */
  nars: number;
}

export interface WorkerRow extends WorkerClass {
  id: WorkerId;
  name: string;
  slots: number;
  gateway: string | null;
  lastSeenAt: number | null;
  draining: boolean;
  pausedAt: number | null;
  removedAt: number | null;
}

/** Each in the order of its ids or names. */
export interface EvaluationRow {
  readonly id: EvaluationId;
  /** Of the evaluator that reads it now. */
  fence: Fence;
  status: string;
}

export interface FarmRows {
  readonly now: number;
  readonly builds: readonly Readonly<BuildRow>[];
  readonly derivations: readonly Readonly<DerivationRow>[];
  readonly edges: readonly { readonly build: BuildId; readonly input: BuildId }[];
  readonly outputs: readonly {
    readonly build: BuildId;
    readonly name: string;
    readonly path: string | null;
  }[];
  readonly attempts: readonly Readonly<AttemptRow>[];
  readonly leases: readonly Readonly<LeaseRow>[];
  readonly uploads: readonly Readonly<UploadRow>[];
  readonly paths: readonly Readonly<PathRow>[];
  readonly workers: readonly Readonly<WorkerRow>[];
  readonly evaluations: readonly Readonly<EvaluationRow>[];
}

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
}

export interface WorkerWish extends WorkerClass {
  readonly name: string;
  readonly slots: number;
}

export interface FarmSubject {
  readonly stores: FarmStores;
  /** The clock of the database stands until it is set again. */
  setClock(now: number): Promise<void>;
  /** Enrolled, and not connected yet. */
  worker(wish: WorkerWish): Promise<WorkerId>;
  pause(worker: WorkerId, paused: boolean): Promise<void>;
  /** A new evaluation, begun and in the hand of one evaluator. */
  evaluation(): Promise<EvaluationLease>;
  /** Another evaluator has taken it over: the former fence is void. */
  takeOver(evaluation: EvaluationId): Promise<EvaluationLease>;
  /** A nar arrives, as the substituter takes it: only for a live lease. False when refused. */
  upload(claim: AttemptClaim, path: string, narHash: string): Promise<boolean>;
  rows(): Promise<FarmRows>;
  close(): Promise<void>;
}
