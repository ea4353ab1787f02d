/** Reads what the farm knows of a commit or a pull request, across specifications. */
import { Injectable } from '@nestjs/common';
import { CommitQueries } from '#adapters/postgres/commit-queries.js';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { notFound } from '#nest/problem.js';
import type {
  CommitAnswer,
  CommitQuery,
  JudgedEvaluation,
  RequestAnswer,
  RequestQuery,
} from '#protocol/api/commit.js';

/** Of each specification of a request: the last commits that were pushed to it. */
const evaluationsAtMost = 10;

@Injectable()
export class CommitReader {
  constructor(
    private readonly commits: CommitQueries,
    private readonly evaluations: EvaluationQueries,
  ) {}

  async commit(part: string, query: CommitQuery): Promise<CommitAnswer> {
    const revision = await this.commits.revision(part);
    if (revision === null) throw notFound(`evaluation of commit ${part}`);
    const { items, next } = await this.commits.evaluations(revision, query);
    const judged = await this.judged(items.map(({ evaluation }) => evaluation));
    return {
      revision,
      items: items.flatMap(({ evaluation, channels }) => {
        const found = judged.get(evaluation);
        return found ? [{ ...found, channels }] : [];
      }),
      next,
    };
  }

  async request(query: RequestQuery): Promise<RequestAnswer> {
    const { forge, repository, number } = query;
    const found = await this.commits.request(query, evaluationsAtMost);
    if (found.length === 0) throw notFound(`request ${number} of ${repository} at ${forge}`);
    const judged = await this.judged(found.flatMap(({ evaluations }) => evaluations));
    const items = found.map(({ evaluations, ...place }) => ({
      ...place,
      evaluations: evaluations.flatMap((evaluation) => judged.get(evaluation) ?? []),
    }));
    return { forge, repository, number, items };
  }

  private async judged(ids: readonly number[]): Promise<Map<number, JudgedEvaluation>> {
    const [found, changes] = await Promise.all([
      this.evaluations.among(ids),
      this.commits.changes(ids),
    ]);
    return new Map(
      found.map((evaluation) => {
        const change = changes.get(Number(evaluation.id));
        const newlyFailing = change?.failures ?? null;
        const newlySucceeding = change?.successes ?? null;
        return [Number(evaluation.id), { evaluation, newlyFailing, newlySucceeding }];
      }),
    );
  }
}
