/**
 * The one waiting fetch of a class in this process: of several blocking `getNextJob` calls on one
 * BullMQ consumer only one waits. A fetch whose caller went away goes on in the background; what it
 * finds is given to the next caller, or put back when none has come.
 */
import type { Job, Worker } from 'bullmq';
import { randomUUID } from 'node:crypto';
import type { Cancellation } from '#std/cancellation.js';
import type { QueueConnection } from './connection.js';

/** A ticket is held for milliseconds; a gateway that dies holding one blocks it for so long. */
const lockMilliseconds = 10_000;
const blockSeconds = 5;
const retryMilliseconds = 250;

export class TicketFetch {
  private readonly consumer: Worker;
  private readonly closing = new AbortController();
  private underWay: Promise<Job | undefined> | null = null;
  private callers = 0;

  constructor(connection: QueueConnection, name: string) {
    this.consumer = connection.consumer(name, null, {
      autorun: false,
      drainDelay: blockSeconds,
      lockDuration: lockMilliseconds,
      stalledInterval: lockMilliseconds,
      // Each stall is a gateway that died, never the ticket's doing.
      maxStalledCount: 1_000_000,
    });
    // A manual fetch that expires stays active unless this timer runs.
    void this.consumer.startStalledCheckTimer();
  }

  async next(cancellation: Cancellation): Promise<Job | null> {
    this.callers += 1;
    try {
      while (!cancellation.aborted && !this.closing.signal.aborted) {
        const fetch = (this.underWay ??= this.fetch());
        const found = await orAborted(fetch, [cancellation, this.closing.signal]);
        if (found === 'aborted') {
          void this.leave(fetch);
          return null;
        }
        this.underWay = null;
        if (found) return found;
      }
      return null;
    } finally {
      this.callers -= 1;
    }
  }

  /** What is there now; the commands travel together. */
  async take(atMost: number): Promise<Job[]> {
    const fetches = Array.from({ length: atMost }, () =>
      this.consumer.getNextJob(randomUUID(), { block: false }).catch(() => undefined),
    );
    return (await Promise.all(fetches)).filter((job) => job !== undefined);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.consumer.close(true).catch(() => undefined);
  }

  /** What a fetch finds whose caller went away is the next caller's, or goes back. */
  private async leave(fetch: Promise<Job | undefined>): Promise<void> {
    const job = await fetch;
    if (this.underWay !== fetch || this.callers > 0) return;
    this.underWay = null;
    await job?.moveToWait(job.token ?? '').catch(() => undefined);
  }

  private async fetch(): Promise<Job | undefined> {
    try {
      return await this.consumer.getNextJob(randomUUID());
    } catch {
      // The server is away: BullMQ reconnects for ever, and so do we wait.
      await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
      return undefined;
    }
  }
}

async function orAborted<T>(
  work: Promise<T>,
  cancellations: readonly Cancellation[],
): Promise<T | 'aborted'> {
  let stop = (): void => undefined;
  const aborted = new Promise<'aborted'>((resolve) => {
    stop = () => resolve('aborted');
    if (cancellations.some((c) => c.aborted)) stop();
    for (const cancellation of cancellations) cancellation.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    for (const cancellation of cancellations) cancellation.removeEventListener('abort', stop);
  }
}
