/**
 * Tickets as BullMQ jobs, one queue per worker class. A ticket's id is `b<build>-<generation>`:
 * BullMQ refuses plain integers and silently ignores an id that is active or finished, so every
 * release has its own, and a ticket is removed when completed.
 */
import { createHash } from 'node:crypto';
import type { Job, Queue } from 'bullmq';
import type { Cancellation } from '#std/cancellation.js';
import { id, type BuildId } from '#domain/ids.js';
import type { HeldTicket, Ticket, TicketQueue } from '#application/ports/ticket-queue.js';
import type { QueueConnection } from './connection.js';
import { TicketFetch } from './ticket-fetch.js';

/** BullMQ's bound; and a job without priority would overtake all that have one. */
const lastRank = 2_097_151;
const addedAtOnce = 500;

export class BullTicketQueue implements TicketQueue {
  private readonly queues = new Map<string, Queue>();
  private readonly fetches = new Map<string, TicketFetch>();
  private readonly held = new Map<string, Job>();
  private holds = 0;

  constructor(private readonly connection: QueueConnection) {}

  async offer(tickets: readonly Ticket[]): Promise<void> {
    for (const [workerClass, group] of byClass(tickets)) {
      const queue = this.queueOf(workerClass);
      for (let start = 0; start < group.length; start += addedAtOnce) {
        await queue.addBulk(group.slice(start, start + addedAtOnce).map(jobOf));
      }
    }
  }

  async withdraw(tickets: readonly Ticket[]): Promise<void> {
    await Promise.all(
      // An active ticket is locked and stays: its claim decides by the generation.
      tickets.map((t) =>
        this.queueOf(t.workerClass)
          .remove(ticketId(t))
          .catch(() => 0),
      ),
    );
  }

  async next(workerClass: string, cancellation: Cancellation): Promise<HeldTicket | null> {
    for (;;) {
      const job = await this.fetchOf(workerClass).next(cancellation);
      const held = job ? this.hold(workerClass, job) : null;
      if (held || !job) return held;
    }
  }

  async take(workerClass: string, atMost: number): Promise<readonly HeldTicket[]> {
    const jobs = await this.fetchOf(workerClass).take(atMost);
    return jobs.flatMap((job) => this.hold(workerClass, job) ?? []);
  }

  async complete(ticket: HeldTicket): Promise<void> {
    const job = this.held.get(ticket.hold);
    this.held.delete(ticket.hold);
    // A hold that was lost (lock expired, Redis flushed) left a stale ticket or none: harmless.
    await job?.moveToCompleted(null, job.token ?? '', false).catch(() => undefined);
  }

  async giveBack(ticket: HeldTicket): Promise<void> {
    const job = this.held.get(ticket.hold);
    this.held.delete(ticket.hold);
    // A hold that was lost is given back already.
    await job?.moveToWait(job.token ?? '').catch(() => undefined);
  }

  async waiting(workerClass: string): Promise<number> {
    const counts = await this.queueOf(workerClass).getJobCounts('wait', 'prioritized');
    return (counts['wait'] ?? 0) + (counts['prioritized'] ?? 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.fetches.values()].map((fetch) => fetch.close()));
    await Promise.all([...this.queues.values()].map((queue) => queue.close()));
  }

  /** Null for what is no ticket: its hold expires, and BullMQ forgets it. */
  private hold(workerClass: string, job: Job): HeldTicket | null {
    const named = ticketOf(job);
    if (!named) return null;
    this.holds += 1;
    const hold = `${job.id}/${this.holds}`;
    this.held.set(hold, job);
    return {
      ...named,
      workerClass,
      rank: job.priority,
      hold,
    };
  }

  private queueOf(workerClass: string): Queue {
    let queue = this.queues.get(workerClass);
    if (!queue) {
      queue = this.connection.queue(queueName(workerClass), {
        removeOnComplete: true,
        removeOnFail: true,
      });
      this.queues.set(workerClass, queue);
    }
    return queue;
  }

  private fetchOf(workerClass: string): TicketFetch {
    let fetch = this.fetches.get(workerClass);
    if (!fetch) {
      fetch = new TicketFetch(this.connection, queueName(workerClass));
      this.fetches.set(workerClass, fetch);
    }
    return fetch;
  }
}

/**
 * Short and readable while the class is; hashed when it would outgrow Postgres's name of a
 * connection.
 */
export function queueName(workerClass: string): string {
  const plain = `tickets ${workerClass}`;
  if (plain.length <= 55) return plain;
  const digest = createHash('sha256').update(workerClass).digest('hex').slice(0, 16);
  return `${plain.slice(0, 38)} ${digest}`;
}

function ticketId(ticket: Ticket): string {
  return `b${ticket.build}-${ticket.generation}`;
}

/** A Redis that evicts may lose what a ticket holds and keep its id, which tells as much. */
function ticketOf(job: Job): Pick<Ticket, 'build' | 'generation'> | null {
  const [, inId, generationInId] = /^b(\d+)-(\d+)$/.exec(job.id ?? '') ?? [];
  const build = Number(job.data?.build ?? inId);
  const generation = Number(job.data?.generation ?? generationInId);
  if (!Number.isSafeInteger(build) || !Number.isSafeInteger(generation)) return null;
  return { build: id<BuildId>(build), generation };
}

function jobOf(ticket: Ticket): { name: string; data: object; opts: object } {
  return {
    name: 'ticket',
    data: { build: ticket.build, generation: ticket.generation },
    opts: {
      jobId: ticketId(ticket),
      priority: Math.min(Math.max(Math.trunc(ticket.rank), 1), lastRank),
    },
  };
}

function byClass(tickets: readonly Ticket[]): Map<string, Ticket[]> {
  return Map.groupBy(tickets, (ticket) => ticket.workerClass);
}
