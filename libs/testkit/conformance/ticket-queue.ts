/** What every TicketQueue must do; the fake and both servers of BullMQ run it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { never } from '#std/cancellation.js';
import { id, type BuildId } from '#domain/ids.js';
import type {
  HeldTicket,
  QueueEpoch,
  Ticket,
  TicketQueue,
} from '#application/ports/ticket-queue.js';

export interface TicketQueueSubject {
  readonly queue: TicketQueue;
  readonly epoch: QueueEpoch;
  close(): Promise<void>;
}

const workerClass = 'x86_64-linux+i686-linux~kvm+big-parallel@1.5';

export function ticket(build: number, rank = 10, generation = 1): Ticket {
  return { build: id<BuildId>(build), generation, workerClass, rank };
}

type Open = () => Promise<TicketQueueSubject>;

export function ticketQueueConformance(name: string, open: Open): void {
  describe(`tickets in ${name}`, () => {
    const at: { subject?: TicketQueueSubject } = {};
    beforeEach(async () => {
      at.subject = await open();
    });
    afterEach(() => at.subject?.close());
    const subject = (): TicketQueueSubject => {
      if (!at.subject) throw new Error('no queue is open');
      return at.subject;
    };
    givesTickets(subject);
    forgetsNothing(subject);
    it('has no epoch mark until it is set', async () => {
      const { epoch } = subject();
      expect(await epoch.isMarked()).toBe(false);
      await epoch.mark();
      await epoch.mark();
      expect(await epoch.isMarked()).toBe(true);
    });
  });
}

async function take(queue: TicketQueue): Promise<HeldTicket> {
  const held = await queue.next(workerClass, never);
  if (!held) throw new Error('no ticket came');
  return held;
}

function givesTickets(subject: () => TicketQueueSubject): void {
  it('gives the most urgent ticket first, and equals in the order of offering', async () => {
    const { queue } = subject();
    await queue.offer([ticket(1, 20), ticket(2, 5), ticket(3, 5), ticket(4, 1)]);
    const builds: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const held = await take(queue);
      builds.push(held.build);
      await queue.complete(held);
    }
    expect(builds).toEqual([4, 2, 3, 1]);
  });

  it('wakes a waiting fetch when a ticket comes', async () => {
    const { queue } = subject();
    const waiting = queue.next(workerClass, never);
    await queue.offer([ticket(7)]);
    expect(await waiting).toMatchObject({ build: 7, generation: 1, workerClass });
  });

  it('gives what is there, and waits for nothing', async () => {
    const { queue } = subject();
    await queue.offer([ticket(1, 3), ticket(2, 1), ticket(3, 2)]);
    const taken = await queue.take(workerClass, 2);
    expect(taken.map((held) => held.build).sort()).toEqual([2, 3]);
    const more = await queue.take(workerClass, 5);
    expect(more.map((held) => held.build)).toEqual([1]);
    await Promise.all([...taken, ...more].map((held) => queue.complete(held)));
    expect(await queue.take(workerClass, 5)).toEqual([]);
  });

  it('gives a ticket once, however often it was offered', async () => {
    const { queue } = subject();
    await queue.offer([ticket(1)]);
    await queue.offer([ticket(1), ticket(2)]);
    expect([(await take(queue)).build, (await take(queue)).build].sort()).toEqual([1, 2]);
    expect(await queue.waiting(workerClass)).toBe(0);
  });

  it('gives a new generation of a build although the old one is still held', async () => {
    const { queue } = subject();
    await queue.offer([ticket(1)]);
    const old = await take(queue);
    await queue.offer([ticket(1, 10, 2)]);
    expect(await take(queue)).toMatchObject({ build: 1, generation: 2 });
    await queue.complete(old);
  });
}

function forgetsNothing(subject: () => TicketQueueSubject): void {
  it('withdraws what nobody holds and leaves alone what somebody holds', async () => {
    const { queue } = subject();
    await queue.offer([ticket(1, 1), ticket(2, 2)]);
    const held = await take(queue);
    await queue.withdraw([ticket(1), ticket(2)]);
    expect(await queue.waiting(workerClass)).toBe(0);
    await queue.complete(held);
  });

  it('answers a canceled fetch with nothing and loses no ticket by it', async () => {
    const { queue } = subject();
    const giveUp = new AbortController();
    const waiting = queue.next(workerClass, giveUp.signal);
    giveUp.abort();
    expect(await waiting).toBeNull();
    await queue.offer([ticket(9)]);
    expect(await take(queue)).toMatchObject({ build: 9 });
  });

  it('gives a ticket that came back to the next who asks, and keeps its rank', async () => {
    const { queue } = subject();
    await queue.offer([ticket(1, 1), ticket(2, 2)]);
    const held = await take(queue);
    await queue.giveBack(held);
    expect(await queue.waiting(workerClass)).toBe(2);
    expect(await take(queue)).toMatchObject({ build: 1, generation: 1 });
  });

  it('counts the tickets that wait, of one class alone', async () => {
    const { queue } = subject();
    await queue.offer([ticket(1), ticket(2), { ...ticket(3), workerClass: 'aarch64-linux~@1' }]);
    expect(await queue.waiting(workerClass)).toBe(2);
    expect(await queue.waiting('aarch64-linux~@1')).toBe(1);
  });

  it('takes a completion of a ticket that is gone without complaint', async () => {
    const { queue } = subject();
    await queue.offer([ticket(1)]);
    const held = await take(queue);
    await queue.complete(held);
    await queue.complete(held);
  });
}
