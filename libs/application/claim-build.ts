/**
 * One ticket meets one slot of one worker. The ticket is completed once it has done its work or
 * turned out to be void; when the claim itself fails, it stays held and comes back by itself.
 */
import type { Fence, WorkerId } from '#domain/ids.js';
import type { Result } from '#std/result.js';
import type { Bus } from './ports/bus.js';
import type { ClaimedBuild, ClaimRefusal, ClaimStore } from './ports/claim-store.js';
import type { HeldTicket, TicketQueue } from './ports/ticket-queue.js';

export interface ClaimBuildParts {
  readonly store: ClaimStore;
  readonly tickets: TicketQueue;
  readonly bus: Bus;
}

export interface Claimant {
  readonly worker: WorkerId;
  readonly slot: number;
  readonly fence: Fence;
  readonly leaseSeconds: number;
}

export async function claimBuild(
  parts: ClaimBuildParts,
  ticket: HeldTicket,
  claimant: Claimant,
): Promise<Result<ClaimedBuild, ClaimRefusal>> {
  const { build, generation } = ticket;
  const claimed = await parts.store.claim({ ...claimant, build, generation });
  if (!claimed.ok) {
    if (isVoid(claimed.error)) await parts.tickets.complete(ticket);
    if (claimed.error.kind === 'avoided') await passOn(parts, ticket, claimed.error);
    return claimed;
  }
  await Promise.all([
    parts.tickets.complete(ticket),
    parts.bus.publish('live/builds', JSON.stringify({ build, status: 'submitted' })),
    // A claim opens the class's window by one.
    parts.bus.publish('planner', ''),
  ]);
  return claimed;
}

function isVoid({ kind }: ClaimRefusal): boolean {
  return kind === 'stale' || kind === 'avoided';
}

/** When the offer is lost, the release expires and the build is released again. */
async function passOn(
  parts: ClaimBuildParts,
  { build, rank }: HeldTicket,
  { passed }: ClaimRefusal & { kind: 'avoided' },
): Promise<void> {
  if (passed) {
    const { class: workerClass, generation } = passed;
    await parts.tickets.offer([{ build, generation, workerClass, rank }]);
  }
  await parts.bus.publish('planner', '');
}
