/**
 * A heartbeat keeps a worker's attempts its own; what is not its own any more, or is unwanted, is
 * told.
 */
import type { AttemptId, WorkerId } from '#domain/ids.js';
import type { AttemptClaim, LeaseStore, Renewal } from './ports/lease-store.js';

export interface RenewedLeases {
  readonly canceled: Renewal['canceled'];
  /** Named by the worker, and another's or nobody's by now. */
  readonly lost: readonly AttemptId[];
}

export async function renewLeases(
  store: LeaseStore,
  worker: WorkerId,
  claims: { readonly attempts: readonly AttemptClaim[]; readonly leaseSeconds: number },
): Promise<RenewedLeases> {
  const { attempts, leaseSeconds } = claims;
  const { renewed, canceled } = await store.renew(worker, attempts, leaseSeconds);
  const lost = attempts.map((claim) => claim.attempt).filter((attempt) => !renewed.has(attempt));
  return { canceled, lost };
}
