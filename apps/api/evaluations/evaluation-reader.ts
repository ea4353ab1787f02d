/** An evaluation with what the planner expects of it. */
import { Injectable } from '@nestjs/common';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { buildStatuses, isFinal, type BuildStatus } from '#domain/build/status.js';
import { id, type EvaluationId } from '#domain/ids.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import { estimateOf, PlannerInquiry } from '../builds/planner-inquiry.js';

const unfinished = (Object.keys(buildStatuses) as BuildStatus[]).filter((word) => !isFinal(word));

@Injectable()
export class EvaluationReader {
  constructor(
    private readonly queries: EvaluationQueries,
    private readonly planner: PlannerInquiry,
  ) {}

  async find(evaluation: EvaluationId): Promise<EvaluationAnswer | null> {
    const found = await this.queries.find(evaluation);
    return found && this.withEstimate(found);
  }

  async withEstimate(found: EvaluationAnswer): Promise<EvaluationAnswer> {
    if (!unfinished.some((word) => (found.jobs[word] ?? 0) > 0)) return found;
    const answer = await this.planner.evaluation(id<EvaluationId>(found.id));
    return { ...found, estimate: estimateOf(answer?.estimate) };
  }
}
