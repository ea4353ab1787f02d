/**
 * The mark that vanishes with the queue's content: one job that nobody ever consumes. It lies where
 * tickets lie, so that whatever loses them loses it too; and it names the server that it was made
 * on, since one that was restarted from its disk or promoted may lack the newest tickets alone.
 */
import type { Queue } from 'bullmq';
import type { QueueEpoch } from '#application/ports/ticket-queue.js';
import type { QueueConnection } from './connection.js';

const mark = 'epoch-mark';

interface Mark {
  readonly server?: string;
}

export class BullQueueEpoch implements QueueEpoch {
  private readonly queue: Queue<Mark>;
  /** Asked before anything is made again: should it change meanwhile, that is seen next time. */
  private server: string | null = null;

  /** `name` tells apart those who keep marks of their own: tickets, timers. */
  constructor(
    private readonly connection: QueueConnection,
    name: string,
  ) {
    this.queue = connection.queue(`epoch ${name}`);
  }

  async isMarked(): Promise<boolean> {
    const [server, job] = await Promise.all([
      this.connection.incarnation(),
      this.queue.getJob(mark),
    ]);
    this.server = server;
    return job !== undefined && job.data.server === server;
  }

  async mark(): Promise<void> {
    const server = this.server ?? (await this.connection.incarnation());
    // A job that is there already would be left as it is.
    await this.queue.remove(mark);
    await this.queue.add('mark', { server }, { jobId: mark, priority: 1 });
  }

  async close(): Promise<void> {
    await this.queue.close();
  }
}
