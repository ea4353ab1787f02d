/** Lanes with something to deliver, as BullMQ jobs: each is there once, waiting or at work. */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job, Queue, Worker } from 'bullmq';
import type { DeliveryTasks } from '#application/ports/delivery-tasks.js';
import type { QueueConnection } from './connection.js';

const queueName = 'deliveries';
/** Whoever is at work renews it; one that died blocks its lane for so long. */
const lockMilliseconds = 30_000;
/** A message under way may wait for its receiver; it is found again when its claim has run out. */
const closeMilliseconds = 3000;

export class BullDeliveryTasks implements DeliveryTasks {
  private readonly queue: Queue;
  private consumer: Worker | undefined;

  constructor(private readonly connection: QueueConnection) {
    this.queue = connection.queue(queueName, { removeOnComplete: true, removeOnFail: true });
  }

  async offer(lanes: readonly string[]): Promise<void> {
    if (lanes.length === 0) return;
    await this.queue.addBulk(
      lanes.map((lane) => ({ name: 'lane', data: { lane }, opts: { jobId: idOf(lane) } })),
    );
  }

  async consume(handler: (lane: string) => Promise<void>, concurrency: number): Promise<void> {
    const process = async ({ data }: Job<{ lane?: string }>): Promise<void> => {
      // A server that evicts may keep the id and lose what it stands for.
      if (data.lane !== undefined) await handler(data.lane);
    };
    this.consumer = this.connection.consumer(queueName, process, {
      concurrency,
      lockDuration: lockMilliseconds,
      maxStalledCount: 1_000_000,
    });
    await this.consumer.waitUntilReady();
  }

  async close(): Promise<void> {
    const ended = this.consumer?.close().catch(() => undefined);
    await Promise.race([ended, pause(closeMilliseconds, undefined, { ref: false })]);
    await this.consumer?.close(true).catch(() => undefined);
    await this.queue.close();
  }
}

/** Ids have no colon in them, and lanes do. */
function idOf(lane: string): string {
  return `l-${createHash('sha256').update(lane).digest('hex').slice(0, 32)}`;
}
