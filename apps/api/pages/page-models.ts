/** Reads what each page shows. */
import { Inject, Injectable } from '@nestjs/common';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import type { Settings } from '#nest/settings.js';
import type { QueueModel } from '#views/queue.js';
import type { WorkersModel } from '#views/workers.js';
import { QueueReader } from '../queue/queue-reader.js';
import { SETTINGS } from '../farm/tokens.js';

@Injectable()
export class OverviewModels {
  constructor(
    private readonly workers: WorkerQueries,
    private readonly queue: QueueReader,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async workersPage(): Promise<WorkersModel> {
    const workers = await this.workers.list();
    return { workers, address: this.settings.publicUrl, now: new Date() };
  }

  async queuePage(): Promise<QueueModel> {
    return { queue: await this.queue.read(), now: new Date() };
  }
}
