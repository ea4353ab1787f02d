import { describe, expect, it } from '@jest/globals';
import type { Bus } from '#application/ports/bus.js';
import type { ClaimRefusal, ClaimRequest, ClaimStore } from '#application/ports/claim-store.js';
import type { HeldTicket } from '#application/ports/ticket-queue.js';
import { id, type AttemptId, type BuildId, type WorkerId } from '#domain/ids.js';
import { err, ok } from '#std/result.js';
import { FakeTicketQueue } from '#testkit/fakes/ticket-queue.js';
import { ClaimDesk, type WaitingSlot } from './claim-desk.js';
import type { GatewaySettings } from './gateway-parts.js';

const workerClass = 'x86_64-linux~@1';

const silent: Bus = {
  publish: async () => undefined,
  subscribe: async () => async () => undefined,
  close: async () => undefined,
};

/** Tells of what comes back, and to whom. */
class WatchedQueue extends FakeTicketQueue {
  private readonly backs: ((ticket: HeldTicket) => void)[] = [];

  override async giveBack(ticket: HeldTicket): Promise<void> {
    await super.giveBack(ticket);
    this.backs.shift()?.(ticket);
  }

  cameBack(): Promise<HeldTicket> {
    return new Promise((resolve) => this.backs.push(resolve));
  }
}

/** Answers every claim alike. */
function storeOf(refusal: ClaimRefusal | null): ClaimStore {
  return {
    claim: async ({ slot, build, fence }: ClaimRequest) =>
      refusal
        ? err(refusal)
        : ok({
            ...{ attempt: id<AttemptId>(1), fence, slot, build, derivation: 'd.drv', outputs: [] },
            ...{ store: { slug: 'local', dir: '/s' }, system: 'x86_64-linux' },
            limits: { timeoutSeconds: 1, maxSilentSeconds: 1 },
          }),
    held: async () => [],
    started: async () => null,
  };
}

function deskOf(tickets: FakeTicketQueue, refusal: ClaimRefusal | null = null): ClaimDesk {
  const settings = { leaseSeconds: 30 } as GatewaySettings;
  return new ClaimDesk({ claims: storeOf(refusal), tickets, bus: silent, settings });
}

interface Slot extends WaitingSlot {
  readonly given: Promise<BuildId>;
  readonly refused: Promise<void>;
  there: boolean;
}

function slotOf(slot = 0): Slot {
  const given = Promise.withResolvers<BuildId>();
  const refused = Promise.withResolvers<void>();
  const waiting: Slot = {
    worker: id<WorkerId>(1),
    slot,
    given: given.promise,
    refused: refused.promise,
    there: true,
    give: ({ build }) => given.resolve(build),
    refuse: () => refused.resolve(),
    wants: () => waiting.there,
  };
  return waiting;
}

async function offer(tickets: FakeTicketQueue, build = 7): Promise<void> {
  await tickets.offer([{ build: id<BuildId>(build), generation: 1, workerClass, rank: 1 }]);
}

describe('a ticket', () => {
  it('meets the slot that waits', async () => {
    const tickets = new WatchedQueue();
    const desk = deskOf(tickets);
    const slot = slotOf();
    desk.want(workerClass, slot);
    await offer(tickets);
    expect(await slot.given).toBe(7);
    await desk.close();
  });

  it('that comes when the wire of its slot is cut goes back, for another gateway', async () => {
    const tickets = new WatchedQueue();
    const [here, there] = [deskOf(tickets), deskOf(tickets)];
    const cut = slotOf();
    here.want(workerClass, cut);
    cut.there = false;
    const back = tickets.cameBack();
    await offer(tickets);
    await cut.refused;
    expect(await back).toMatchObject({ build: 7 });
    const other = slotOf();
    there.want(workerClass, other);
    expect(await other.given).toBe(7);
    await Promise.all([here.close(), there.close()]);
  });

  it('whose slot turns out to take nothing goes back when no other slot waits', async () => {
    const tickets = new WatchedQueue();
    const desk = deskOf(tickets, { kind: 'worker-not-taking' });
    const slot = slotOf();
    const back = tickets.cameBack();
    desk.want(workerClass, slot);
    await offer(tickets);
    await slot.refused;
    expect(await back).toMatchObject({ build: 7, generation: 1 });
    expect(await tickets.waiting(workerClass)).toBe(1);
    await desk.close();
  });
});
