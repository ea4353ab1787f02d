/** The rows of a farm's truth, as tests and the simulator see them: see farm-subject.ts. */
import type {
  AttemptId,
  BuildId,
  EvaluationId,
  Fence,
  IntentId,
  SpecificationId,
  WorkerId,
} from '#domain/ids.js';
import type { RestartMode } from '#domain/build/restart.js';
import type { AttemptStatus, BuildStatus } from '#domain/build/status.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type { WorkerClass } from '#domain/worker/worker-class.js';

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
  packageName: string;
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
  startedAt: number | null;
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
  pauseUntil: number | null;
  /** Its own word for taking nothing. */
  holdsBack: string | null;
  removedAt: number | null;
}

export interface EvaluationRow {
  readonly id: EvaluationId;
  readonly specification: SpecificationId;
  /** Of the evaluator that reads it now. */
  fence: Fence | null;
  status: EvaluationStatus;
  canceledAt: number | null;
}

export interface JobRow {
  readonly id: number;
  readonly evaluation: EvaluationId;
  readonly build: BuildId | null;
}

export interface IntentRow {
  readonly id: IntentId;
  readonly kind: 'restart' | 'cancel';
  readonly mode: RestartMode | null;
  readonly evaluation: EvaluationId | null;
  readonly build: BuildId | null;
  readonly reason: string;
  readonly requestedAt: number;
  finishedAt: number | null;
}

/** Learnt, on a worker of speed 1. */
export interface DurationRow {
  readonly packageName: string;
  readonly system: string;
  milliseconds: number;
  samples: number;
}

/** Each in the order of its ids or names. */
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
  readonly jobs: readonly Readonly<JobRow>[];
  readonly intents: readonly Readonly<IntentRow>[];
  readonly durations: readonly Readonly<DurationRow>[];
}
