/** Reads what each page shows. */
import { Inject, Injectable } from '@nestjs/common';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import { notFound } from '#nest/problem.js';
import type { Settings } from '#nest/settings.js';
import type { QueueModel } from '#views/queue.js';
import type { SpecificationModel } from '#views/specification.js';
import type { WorkersModel } from '#views/workers.js';
import { WaitReader } from '../builds/wait-reader.js';
import { SETTINGS } from '../farm/tokens.js';
import { SpecificationReader } from '../specifications/specification-reader.js';

const evaluationsAtOnce = 20;

@Injectable()
export class OverviewModels {
  constructor(
    private readonly workers: WorkerQueries,
    private readonly waits: WaitReader,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async workersPage(): Promise<WorkersModel> {
    const workers = await this.workers.list();
    return { workers, address: this.settings.publicUrl, now: new Date() };
  }

  async queuePage(): Promise<QueueModel> {
    return { queue: await this.waits.queue(), now: new Date() };
  }
}

@Injectable()
export class PageModels {
  constructor(
    private readonly specifications: SpecificationReader,
    private readonly evaluations: EvaluationQueries,
  ) {}

  async specification(name: string, cursor: string | undefined): Promise<SpecificationModel> {
    const [specification, evaluations] = await Promise.all([
      this.specifications.find(name),
      this.evaluations.list({ specification: name, cursor, limit: evaluationsAtOnce }),
    ]);
    if (!specification) throw notFound(`specification ${name}`);
    return { specification, evaluations, now: new Date() };
  }
}
