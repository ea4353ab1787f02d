/** Reads what the page of one evaluation shows. */
import { Injectable } from '@nestjs/common';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import type { EvaluationId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import type { ComparedModel, EvaluationModel } from '#views/evaluation.js';
import { LogTails } from '../pages/log-tails.js';
import { ComparisonModels } from './comparison-models.js';
import type { EvaluationPageQuery } from './evaluation-page-query.js';
import { EvaluationReader } from './evaluation-reader.js';

/** Of a hundred thousand jobs that nobody has looked at for a while: the page does not wait. */
const patienceMilliseconds = 60;
/** Fewer are there soon enough on any machine. */
const manyJobs = 20_000;

@Injectable()
export class EvaluationPageModels {
  constructor(
    private readonly evaluations: EvaluationQueries,
    private readonly readings: EvaluationReader,
    private readonly comparisons: ComparisonModels,
    private readonly tails: LogTails,
  ) {}

  async evaluation(id: EvaluationId, query: EvaluationPageQuery): Promise<EvaluationModel> {
    const [found, log] = await Promise.all([
      this.evaluations.find(id),
      this.tails.of(`evaluation-${id}`),
    ]);
    if (!found) throw notFound(`evaluation ${id}`);
    const [evaluation, compared] = await Promise.all([
      this.readings.withEstimate(found),
      this.compared(found, query),
    ]);
    return { evaluation, compared, log, now: new Date() };
  }

  private async compared(
    evaluation: EvaluationAnswer,
    query: EvaluationPageQuery,
  ): Promise<ComparedModel | 'reading' | null> {
    if (evaluation.prunedAt !== null) return null;
    const comparing = this.comparisons.of(evaluation, query);
    return evaluation.jobCount < manyJobs ? comparing : withPatience(comparing);
  }
}

/** What comes later is kept by then; that it failed is told to who asks again. */
async function withPatience<T>(coming: Promise<T>): Promise<T | 'reading'> {
  const { promise, resolve } = Promise.withResolvers<'reading'>();
  const timer = setTimeout(() => resolve('reading'), patienceMilliseconds);
  coming.catch(() => undefined);
  try {
    return await Promise.race([coming, promise]);
  } finally {
    clearTimeout(timer);
  }
}
