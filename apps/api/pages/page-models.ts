/** Reads what each page shows. */
import { Inject, Injectable } from '@nestjs/common';
import { BuildQueries } from '#adapters/postgres/build-queries.js';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { WorkerQueries } from '#adapters/postgres/worker-queries.js';
import type { EvaluationId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import type { Settings } from '#nest/settings.js';
import type { JobsQuery } from '#protocol/api/evaluation.js';
import type { EvaluationModel } from '#views/evaluation.js';
import type { HomeModel } from '#views/home.js';
import type { QueueModel } from '#views/queue.js';
import type { SpecificationModel } from '#views/specification.js';
import type { WorkersModel } from '#views/workers.js';
import { WaitReader } from '../builds/wait-reader.js';
import { EvaluationReader } from '../evaluations/evaluation-reader.js';
import { SETTINGS } from '../farm/tokens.js';
import { SpecificationReader } from '../specifications/specification-reader.js';
import { LogTails } from './log-tails.js';

const evaluationsAtOnce = 20;
const listedBuilds = 12;

@Injectable()
export class OverviewModels {
  constructor(
    private readonly specifications: SpecificationReader,
    private readonly builds: BuildQueries,
    private readonly workers: WorkerQueries,
    private readonly waits: WaitReader,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async home(): Promise<HomeModel> {
    const [specifications, running, ended, queue, workers] = await Promise.all([
      this.specifications.list(),
      this.builds.running(listedBuilds),
      this.builds.ended(listedBuilds),
      this.waits.queue(),
      this.workers.list(),
    ]);
    const address = this.settings.publicUrl;
    return { specifications, running, ended, queue, workers, address, now: new Date() };
  }

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
    private readonly readings: EvaluationReader,
    private readonly tails: LogTails,
  ) {}

  async specification(name: string, cursor: string | undefined): Promise<SpecificationModel> {
    const [specification, evaluations] = await Promise.all([
      this.specifications.find(name),
      this.evaluations.list({ specification: name, cursor, limit: evaluationsAtOnce }),
    ]);
    if (!specification) throw notFound(`specification ${name}`);
    return { specification, evaluations, now: new Date() };
  }

  async evaluation(evaluationId: EvaluationId, query: JobsQuery): Promise<EvaluationModel> {
    const [evaluation, jobs, log] = await Promise.all([
      this.readings.find(evaluationId),
      this.evaluations.jobs(evaluationId, query),
      this.tails.of(`evaluation-${evaluationId}`),
    ]);
    if (!evaluation) throw notFound(`evaluation ${evaluationId}`);
    return { evaluation, jobs, query, log, now: new Date() };
  }
}
