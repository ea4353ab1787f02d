/** Tells why a build waits, by the planner's own rule. */
import { Injectable } from '@nestjs/common';
import { NeighbourQueries } from '#adapters/postgres/neighbour-queries.js';
import { WaitQueries } from '#adapters/postgres/wait-queries.js';
import type { PlannedWait } from '#domain/scheduling/planner.js';
import {
  reasonWithLimit,
  sentenceOfWait,
  waitReason,
  type WaitReason,
} from '#domain/scheduling/wait-reason.js';
import type { BuildId } from '#domain/ids.js';
import type { BuildSummary, WaitAnswer } from '#protocol/api/build.js';
import type { Estimate } from '#protocol/api/page.js';
import { estimateOf, PlannerInquiry } from './planner-inquiry.js';

export interface Waiting {
  /** Null for a build that does not wait. */
  readonly wait: WaitAnswer | null;
  readonly estimate: Estimate | null;
}

@Injectable()
export class WaitReader {
  constructor(
    private readonly queries: WaitQueries,
    private readonly neighbours: NeighbourQueries,
    private readonly planner: PlannerInquiry,
  ) {}

  /**
   * The reason is of this moment's rows; what only the planner knows (limits, positions, estimates)
   * comes with its answer, or not at all.
   */
  async of(build: BuildId): Promise<Waiting> {
    const [facts, answer] = await Promise.all([
      this.queries.factsOf(build),
      this.planner.builds([build]),
    ]);
    const planned = answer?.waits[0] ?? null;
    return {
      wait: facts ? await this.told(waitReason(facts), planned) : null,
      estimate: estimateOf(planned ?? answer?.estimate),
    };
  }

  private async told(seen: WaitReason, planned: PlannedWait | null): Promise<WaitAnswer> {
    const reason = reasonWithLimit(seen, planned?.limitedBy ?? null);
    const inputs = 'inputs' in reason ? await this.summaries(reason.inputs) : [];
    return {
      reason: reason.kind,
      sentence: sentenceOfWait(reason),
      until: untilOf(reason),
      position: isForWorkers(reason) ? (planned?.position ?? null) : null,
      inputs,
    };
  }

  private async summaries(builds: readonly BuildId[]): Promise<BuildSummary[]> {
    const found = await Promise.all(builds.map((build) => this.neighbours.summary(build)));
    return found.filter((summary) => summary !== null);
  }
}

function isForWorkers({ kind }: WaitReason): boolean {
  return kind === 'all-busy' || kind === 'avoiding-workers';
}

function untilOf(reason: WaitReason): string | null {
  return reason.kind === 'backing-off' ? new Date(reason.until).toISOString() : null;
}
