/** Reads what the page of one evaluation shows. */
import { Injectable } from '@nestjs/common';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { id, type EvaluationId } from '#domain/ids.js';
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

  async evaluation(asked: EvaluationId, query: EvaluationPageQuery): Promise<EvaluationModel> {
    const [found, log] = await Promise.all([
      this.evaluations.find(asked),
      this.tails.of(`evaluation-${asked}`),
    ]);
    if (!found) throw notFound(`evaluation ${asked}`);
    const [evaluation, compared] = await Promise.all([
      this.readings.withEstimate(found),
      this.compared(found, query),
    ]);
    const before = await this.checkoutsBefore(compared);
    return { evaluation, compared, before, log, now: new Date() };
  }

  /** Of the evaluation that it is compared with. */
  private async checkoutsBefore(
    compared: EvaluationModel['compared'],
  ): Promise<EvaluationModel['before']> {
    const against = compared === 'reading' ? null : compared?.jobs.difference.against;
    if (!against) return [];
    const reading = await this.evaluations.read(id<EvaluationId>(against.id));
    return reading?.checkouts ?? [];
  }

  private async compared(
    evaluation: EvaluationAnswer,
    query: EvaluationPageQuery,
  ): Promise<ComparedModel | 'reading' | null> {
    if (evaluation.prunedAt !== null) return null;
    return (await soon(evaluation, this.comparisons.of(evaluation, query))) ?? 'reading';
  }
}
