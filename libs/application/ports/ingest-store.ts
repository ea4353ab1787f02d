/**
 * Where an evaluation's derivations become builds. A batch is one transaction; its derivations
 * stand in it after their inputs, or those are known already. Repeating a batch is harmless, but
 * for its jobs. All paths are base names.
 */
import type { BuildLimits } from '#domain/build/limits.js';
import type { EvaluationLease } from './evaluation-leases.js';

export interface IngestDerivation {
  readonly path: string;
  readonly name: string;
  readonly packageName: string;
  readonly system: string;
  readonly requiredFeatures: readonly string[];
  readonly fixedOutput: boolean;
  readonly outputs: readonly { readonly name: string; readonly path: string | null }[];
  readonly inputs: readonly string[];
  /** Input sources; absent where nobody knows them, and then none of the store is let go. */
  readonly sources?: readonly string[];
}

export interface IngestJob {
  readonly name: string;
  readonly system: string;
  /** The derivation, registered by now; null for a job that could not be evaluated. */
  readonly derivation: string | null;
  readonly error: string | null;
  readonly meta: Readonly<Record<string, unknown>>;
  /** The limits of the build it names; null: as the batch says. */
  readonly limits: BuildLimits | null;
}

/** Base names of `.drv` files that can be had from an upstream; true: something built needs it. */
export type Substituted = ReadonlyMap<string, boolean>;

/** What need not be built. It may name more than the batch holds. */
export interface IngestFates {
  readonly substitute: Substituted;
  /** Nothing that is to be built needs them. */
  readonly unneeded: ReadonlySet<string>;
  /** Of builds that are registered and were given up: what becomes of them with this batch. */
  readonly registered: {
    readonly substitute: Substituted;
    readonly build: ReadonlySet<string>;
  };
}

export interface IngestBatch {
  readonly storeSlug: string;
  /** The id that the substituter gave the pack with these `.drv` files; null when none was put. */
  readonly pack: string | null;
  /** Of builds that no job of this batch names. */
  readonly limits: BuildLimits;
  readonly priority: number;
  readonly derivations: readonly IngestDerivation[];
  readonly jobs: readonly IngestJob[];
  /** Absent where nobody was asked. */
  readonly fates?: IngestFates | null;
}

export interface IngestOutcome {
  readonly newBuilds: number;
  /** Known builds that were canceled or failed by the farm and are scheduled again. */
  readonly rescheduled: number;
  /** Some input has failed already: the failure must be told on. */
  readonly failedInputs: boolean;
}

export interface IngestStore {
  /** Those of the paths that are registered. */
  known(storeSlug: string, paths: readonly string[]): Promise<ReadonlySet<string>>;
  /** Null, with nothing written, when the lease is lost. Counts go to the evaluation's row. */
  ingest(lease: EvaluationLease, batch: IngestBatch): Promise<IngestOutcome | null>;
}
