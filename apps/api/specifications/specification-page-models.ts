/** Reads what the page of a specification shows. */
import { Injectable } from '@nestjs/common';
import { CommitQueries } from '#adapters/postgres/commit-queries.js';
import { TrendQueries } from '#adapters/postgres/evaluation-difference-trend.js';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { notFound } from '#nest/problem.js';
import type { SpecificationModel } from '#views/specification.js';
import { SpecificationReader } from './specification-reader.js';

const evaluationsAtOnce = 20;
export const trendPoints = 60;

export interface SpecificationShown {
  readonly cursor?: string | undefined;
  readonly good: number;
}

@Injectable()
export class SpecificationPageModels {
  constructor(
    private readonly specifications: SpecificationReader,
    private readonly evaluations: EvaluationQueries,
    private readonly trends: TrendQueries,
    private readonly commits: CommitQueries,
  ) {}

  async read(name: string, { cursor, good }: SpecificationShown): Promise<SpecificationModel> {
    const [specification, { items, next }, trend] = await Promise.all([
      this.specifications.find(name),
      // One more than is shown: what a channel changed is seen against the one before.
      this.evaluations.list({ specification: name, cursor, limit: evaluationsAtOnce + 1 }),
      this.trends.trend(name, good, trendPoints),
    ]);
    if (!specification || !trend) throw notFound(`specification ${name}`);
    const shown = items.slice(0, evaluationsAtOnce);
    const last = shown.at(-1);
    const changes = await this.commits.changes(shown.map(({ id }) => Number(id)));
    return {
      specification,
      evaluations: { items: shown, next: items.length > shown.length ? last!.id : next },
      before: items[evaluationsAtOnce] ?? null,
      changes: new Map(
        [...changes].map(([id, { failures, successes }]) => [
          String(id),
          { newlyFailing: failures, newlySucceeding: successes },
        ]),
      ),
      trend,
      now: new Date(),
    };
  }
}
