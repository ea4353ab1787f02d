/**
 * Tickets in memory, under the same conformance suite as BullMQ's. `flush` forgets all, as Redis
 * may.
 */
import type { Cancellation } from '#std/cancellation.js';
import type {
  HeldTicket,
  QueueEpoch,
  Ticket,
  TicketQueue,
} from '#application/ports/ticket-queue.js';

interface Waiter {
  give(ticket: HeldTicket | null): void;
}

export class FakeTicketQueue implements TicketQueue, QueueEpoch {
  private readonly tickets = new Map<string, Ticket[]>();
  /** First come, first served; each process that shares the queue may have one per class. */
  private readonly waiters = new Map<string, Waiter[]>();
  private readonly known = new Set<string>();
  private marked = false;
  private holds = 0;

  async offer(tickets: readonly Ticket[]): Promise<void> {
    for (const ticket of tickets) {
      if (this.known.has(keyOf(ticket))) continue;
      this.known.add(keyOf(ticket));
      const queue = this.tickets.get(ticket.workerClass) ?? [];
      const after = queue.findIndex((other) => other.rank > ticket.rank);
      queue.splice(after < 0 ? queue.length : after, 0, ticket);
      this.tickets.set(ticket.workerClass, queue);
      this.serve(ticket.workerClass);
    }
  }

  async withdraw(tickets: readonly Ticket[]): Promise<void> {
    for (const ticket of tickets) {
      const queue = this.tickets.get(ticket.workerClass) ?? [];
      const at = queue.findIndex((other) => keyOf(other) === keyOf(ticket));
      if (at < 0) continue;
      queue.splice(at, 1);
      this.known.delete(keyOf(ticket));
    }
  }

  next(workerClass: string, cancellation: Cancellation): Promise<HeldTicket | null> {
    return new Promise((resolve) => {
      if (cancellation.aborted) return resolve(null);
      const cancel = (): void => waiter.give(null);
      const waiter: Waiter = {
        give: (ticket) => {
          const others = this.waiters.get(workerClass)?.filter((other) => other !== waiter);
          this.waiters.set(workerClass, others ?? []);
          cancellation.removeEventListener('abort', cancel);
          resolve(ticket);
        },
      };
      cancellation.addEventListener('abort', cancel);
      this.waiters.set(workerClass, [...(this.waiters.get(workerClass) ?? []), waiter]);
      this.serve(workerClass);
    });
  }

  async take(workerClass: string, atMost: number): Promise<readonly HeldTicket[]> {
    const taken = this.tickets.get(workerClass)?.splice(0, atMost) ?? [];
    return taken.map((ticket) => {
      this.holds += 1;
      return { ...ticket, hold: String(this.holds) };
    });
  }

  async complete(ticket: HeldTicket): Promise<void> {
    this.known.delete(keyOf(ticket));
  }

  async giveBack(ticket: HeldTicket): Promise<void> {
    if (!this.known.delete(keyOf(ticket))) return;
    const { build, generation, workerClass, rank } = ticket;
    await this.offer([{ build, generation, workerClass, rank }]);
  }

  async waiting(workerClass: string): Promise<number> {
    return this.tickets.get(workerClass)?.length ?? 0;
  }

  async close(): Promise<void> {
    for (const waiter of [...this.waiters.values()].flat()) waiter.give(null);
  }

  async isMarked(): Promise<boolean> {
    return this.marked;
  }

  async mark(): Promise<void> {
    this.marked = true;
  }

  flush(): void {
    this.tickets.clear();
    this.known.clear();
    this.marked = false;
  }

  private serve(workerClass: string): void {
    const waiter = this.waiters.get(workerClass)?.[0];
    if (!waiter) return;
    const ticket = this.tickets.get(workerClass)?.shift();
    if (!ticket) return;
    this.holds += 1;
    waiter.give({ ...ticket, hold: String(this.holds) });
  }
}

function keyOf(ticket: Ticket): string {
  return `b${ticket.build}-${ticket.generation}`;
}
