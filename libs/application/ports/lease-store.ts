/** Leases on attempts, all by the database's clock. */
import type { AttemptId, BuildId, Fence, WorkerId } from '#domain/ids.js';
import type { AttemptReport } from './report-store.js';

export interface AttemptClaim {
  readonly attempt: AttemptId;
  readonly fence: Fence;
}

export interface Renewal {
  /** Those that are this worker's, with this fence; the others are lost to it. */
  readonly renewed: ReadonlySet<AttemptId>;
  readonly canceled: readonly (AttemptClaim & { readonly reason: string })[];
}

export interface LeaseStore {
  renew(worker: WorkerId, claims: readonly AttemptClaim[], seconds: number): Promise<Renewal>;
  /** The worker that has the attempt in hand; null when nobody has. */
  holder(attempt: AttemptId): Promise<WorkerId | null>;
  /** Attempts whose builder runs at this worker, as it said, and that are not among the named. */
  forgotten(worker: WorkerId, named: readonly AttemptId[]): Promise<readonly AttemptReport[]>;
  /**
   * A gateway is up and can renew leases. A gap of more than `gapSeconds` begins a new presence.
   */
  beat(gapSeconds: number): Promise<void>;
  /**
   * Leases that have expired, at most `limit`; none unless gateways have been there without a gap
   * for one whole lease, so that every living worker had its chance to renew.
   */
  expired(
    leaseSeconds: number,
    gapSeconds: number,
    limit: number,
  ): Promise<readonly AttemptReport[]>;
  /** Wishes that the live attempt of a build ends; the worker that has it, or null. */
  wishCancel(build: BuildId, reason: string): Promise<WorkerId | null>;
}
