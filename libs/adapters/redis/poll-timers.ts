/** Poll timers on BullMQ: a job scheduler per specification, and jobs of their own for triggers. */
import type { Job, Queue, Worker } from 'bullmq';
import { id, type SpecificationId } from '#domain/ids.js';
import type { EvaluationTrigger } from '#domain/evaluation/status.js';
import type { PollCall, PollTimers } from '#application/ports/poll-timers.js';
import type { QueueConnection } from './connection.js';

const queueName = 'polls';
const schedulerPrefix = 'specification-';
/** Jobs without a priority run first: triggers go ahead of timers. */
const timerPriority = 10;
/** A trigger is not said again by anyone, so it outlives a fault of ours. */
const patience = { attempts: 6, backoff: { type: 'exponential', delay: 500 } } as const;
const once = { removeOnComplete: true, removeOnFail: true } as const;

export class BullPollTimers implements PollTimers {
  private readonly queue: Queue;
  private consumer: Worker | undefined;

  constructor(private readonly connection: QueueConnection) {
    this.queue = connection.queue(queueName);
  }

  async schedule(specification: SpecificationId, periodSeconds: number): Promise<void> {
    const data: PollCall = { specification, trigger: 'poll' };
    const opts = { ...once, priority: timerPriority };
    const every = { every: Math.round(periodSeconds * 1000) };
    await this.queue.upsertJobScheduler(`${schedulerPrefix}${specification}`, every, {
      name: 'poll',
      data,
      opts,
    });
  }

  async remove(specification: SpecificationId): Promise<void> {
    await this.queue.removeJobScheduler(`${schedulerPrefix}${specification}`);
  }

  async scheduled(): Promise<SpecificationId[]> {
    const schedulers = await this.queue.getJobSchedulers(0, -1);
    return schedulers
      .map((scheduler) => scheduler.key)
      .filter((key) => key.startsWith(schedulerPrefix))
      .map((key) => id<SpecificationId>(key.slice(schedulerPrefix.length)));
  }

  /** A call that comes while one is under way is kept: it may know of a later commit. */
  async trigger(call: PollCall): Promise<void> {
    const deduplication = {
      id: `${call.trigger}-${call.specification}`,
      keepLastIfActive: true,
    };
    await this.queue.add('poll', call, { ...once, ...patience, deduplication });
  }

  async consume(handler: (call: PollCall) => Promise<void>, concurrency: number): Promise<void> {
    const process = (job: Job<PollCall>): Promise<void> => handler(callOf(job.data));
    this.consumer = this.connection.consumer(queueName, process, { concurrency });
    await this.consumer.waitUntilReady();
  }

  /** Waits for the calls under way: cancel them first. */
  async close(): Promise<void> {
    await this.consumer?.close();
    await this.queue.close();
  }
}

const triggers: readonly EvaluationTrigger[] = ['poll', 'hook', 'edit', 'retry'];

function callOf(data: PollCall): PollCall {
  const trigger = triggers.find((known) => known === data.trigger) ?? 'poll';
  return { specification: id<SpecificationId>(data.specification), trigger };
}
