/** What a poll reads and writes. Times are those of the database's clock. */
import type { EvaluationId, SpecificationId } from '#domain/ids.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import type { EvaluationTrigger } from '#domain/evaluation/status.js';
import type { EvaluatedState } from '#domain/specification/polling.js';
import type { Specification } from '#domain/specification/specification.js';

export type FetchedRevision = Pick<ChannelRevision, 'url' | 'branch' | 'revision'>;

export interface PollState {
  readonly id: SpecificationId;
  readonly version: number;
  readonly specification: Specification;
  readonly nextPollAt: Date;
  readonly now: Date;
  /** Channel name → what the last good fetch found, maybe at another address than now. */
  readonly found: ReadonlyMap<string, FetchedRevision>;
  readonly last: EvaluatedState | null;
}

export type ChannelFinding =
  | (ChannelRevision & {
      readonly kind: 'found';
      /** The revision before, when the new one does not descend from it. */
      readonly rewoundFrom: string | null;
    })
  | (Omit<ChannelRevision, 'revision' | 'introduction'> & {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
    });

export interface NewEvaluation {
  readonly specification: SpecificationId;
  readonly version: number;
  readonly digest: string;
  readonly trigger: EvaluationTrigger;
  readonly checkouts: readonly ChannelRevision[];
}

export interface PollStore {
  /** Null when the specification is archived or unknown. */
  read(specification: SpecificationId): Promise<PollState | null>;
  /** Writes the channels' states and puts the next poll `periodSeconds` from now. */
  record(
    specification: SpecificationId,
    findings: readonly ChannelFinding[],
    periodSeconds: number,
  ): Promise<void>;
  /**
   * Writes a started evaluation with its checkouts, unless the last evaluation of the specification
   * has read just that, or the specification has been edited meanwhile; null then.
   */
  start(evaluation: NewEvaluation): Promise<EvaluationId | null>;
  /** The same specification version at the same checkouts once more; null for an unknown id. */
  retry(evaluation: EvaluationId): Promise<EvaluationId | null>;
  /** Live and active specifications: those that need a timer. */
  active(): Promise<readonly { readonly id: SpecificationId; readonly period: number }[]>;
}
