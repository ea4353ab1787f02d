/**
 * Who reads which started evaluation. A lease that has run out may be taken by any evaluator, which
 * then starts the reading again: jobs of the former reading are gone, derivations stay. Every write
 * names the fence and changes nothing when the lease is another's by now.
 */
import type { EvaluationId, Fence, SpecificationId } from '#domain/ids.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type { Specification } from '#domain/specification/specification.js';

export interface EvaluationLease {
  readonly evaluation: EvaluationId;
  readonly fence: Fence;
}

export interface ClaimedEvaluation extends EvaluationLease {
  readonly specificationId: SpecificationId;
  readonly specification: Specification;
  readonly checkouts: readonly ChannelRevision[];
  /** 1 for the first reading. */
  readonly reads: number;
}

export interface EvaluationEnd {
  readonly status: Exclude<EvaluationStatus, 'started'>;
  /** A FarmFault code, or null when it succeeded. */
  readonly reason: string | null;
  readonly message: string | null;
}

export interface EvaluationLeases {
  /** The oldest started evaluation that nobody reads. */
  claim(evaluator: string, leaseSeconds: number): Promise<ClaimedEvaluation | null>;
  /** False when the lease is lost. */
  renew(lease: EvaluationLease, leaseSeconds: number): Promise<boolean>;
  /** Gives it back unfinished, so that another may take it at once. */
  release(lease: EvaluationLease): Promise<void>;
  /** False when the lease is lost. */
  finish(lease: EvaluationLease, end: EvaluationEnd): Promise<boolean>;
}
