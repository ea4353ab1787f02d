/**
 * The mark that vanishes with the queue's content: one job that nobody ever consumes. It lies where
 * tickets lie, so that whatever loses them loses it too.
 */
import type { Queue } from 'bullmq';
import type { QueueEpoch } from '#application/ports/ticket-queue.js';
import type { QueueConnection } from './connection.js';

const mark = 'epoch-mark';

export class BullQueueEpoch implements QueueEpoch {
  private readonly queue: Queue;

  /** `name` tells apart those who keep marks of their own: tickets, timers. */
  constructor(connection: QueueConnection, name: string) {
    this.queue = connection.queue(`epoch ${name}`);
  }

  async isMarked(): Promise<boolean> {
    return (await this.queue.getJob(mark)) !== undefined;
  }

  async mark(): Promise<void> {
    await this.queue.add('mark', {}, { jobId: mark, priority: 1 });
  }

  async close(): Promise<void> {
    await this.queue.close();
  }
}
