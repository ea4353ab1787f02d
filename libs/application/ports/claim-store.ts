/** Where a build gets its attempt, lease and fence, in one statement. */
import type { AttemptId, BuildId, Fence, WorkerId } from '#domain/ids.js';
import type { BuildLimits } from '#domain/build/limits.js';
import type { Result } from '#std/result.js';

export interface ClaimRequest {
  readonly worker: WorkerId;
  readonly slot: number;
  readonly build: BuildId;
  readonly generation: number;
  readonly fence: Fence;
  readonly leaseSeconds: number;
}

/** Everything a worker must be told to build it. */
export interface ClaimedBuild {
  readonly attempt: AttemptId;
  readonly fence: Fence;
  readonly slot: number;
  readonly build: BuildId;
  readonly store: { readonly slug: string; readonly dir: string };
  /** Base name. */
  readonly derivation: string;
  readonly system: string;
  readonly outputs: readonly { readonly name: string; readonly path: string | null }[];
  readonly limits: BuildLimits;
}

export type ClaimRefusal =
  /** The build is not released in this generation any more: the ticket is void. */
  | { readonly kind: 'stale' }
  /** The slot has a live attempt already. */
  | { readonly kind: 'slot-taken' }
  /**
   * The farm failed this build at this worker before, and another may take it: released to the
   * class named, or put back for a moment when it is null. The ticket is void.
   */
  | {
      readonly kind: 'avoided';
      readonly passed: { readonly class: string; readonly generation: number } | null;
    }
  /** The worker is paused, drains or was removed. */
  | { readonly kind: 'worker-not-taking' };

export interface ClaimStore {
  claim(request: ClaimRequest): Promise<Result<ClaimedBuild, ClaimRefusal>>;
  /**
   * The live attempts in these slots, their leases renewed: a claim that is repeated gets them
   * again.
   */
  held(
    worker: WorkerId,
    slots: readonly number[],
    leaseSeconds: number,
  ): Promise<readonly ClaimedBuild[]>;
  /** The builder runs. False when the lease is not this worker's with this fence. */
  started(worker: WorkerId, attempt: AttemptId, fence: Fence): Promise<BuildId | null>;
}
