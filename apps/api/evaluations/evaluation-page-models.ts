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
import { soon } from './patience.js';

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
    return (await soon(evaluation, this.comparisons.of(evaluation, query))) ?? 'reading';
  }
}
