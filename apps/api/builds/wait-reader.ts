/** Tells why builds wait, one by one and by the thousand, by the planner's own rule. */
import { Injectable } from '@nestjs/common';
import { NeighbourQueries } from '#adapters/postgres/neighbour-queries.js';
import { WaitQueries, type WaitingGroup } from '#adapters/postgres/wait-queries.js';
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
import type { QueueAnswer } from '#protocol/api/worker.js';
import { estimateOf, PlannerInquiry } from './planner-inquiry.js';

/**
 * Counting reasons looks at every scheduled build: many readers share one count, and while a newer
 * one is made they are told the last.
 */
const countedForMilliseconds = 2000;
/** Of a long queue less often: counting takes a twentieth of the time at most. */
const countedForTimes = 20;
/** Older than this it is waited for. */
const toldForMilliseconds = 30_000;

export interface Waiting {
  /** Null for a build that does not wait. */
  readonly wait: WaitAnswer | null;
  readonly estimate: Estimate | null;
}

@Injectable()
export class WaitReader {
  private counted: {
    readonly at: number;
    readonly took: number;
    readonly answer: QueueAnswer;
  } | null = null;
  private counting: Promise<QueueAnswer> | null = null;

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

  /** Counts of a moment: of the last seconds while people look, else of when somebody last did. */
  async queue(): Promise<QueueAnswer> {
    const age = this.counted ? performance.now() - this.counted.at : Infinity;
    const counted = this.counted?.took ?? 0;
    const lasting = Math.max(countedForMilliseconds, countedForTimes * counted);
    if (this.counted && age < lasting) return this.counted.answer;
    const counting = this.countOnce();
    if (!this.counted || age > toldForMilliseconds) return counting;
    // Who is told the last count is not told why a newer one failed.
    counting.catch(() => undefined);
    return this.counted.answer;
  }

  private countOnce(): Promise<QueueAnswer> {
    const began = performance.now();
    this.counting ??= this.count()
      .then((answer) => {
        const at = performance.now();
        this.counted = { at, took: at - began, answer };
        return answer;
      })
      .finally(() => (this.counting = null));
    return this.counting;
  }

  private async count(): Promise<QueueAnswer> {
    const [groups, workers, bySystem] = await Promise.all([
      this.queries.groups(),
      this.queries.workers(),
      this.queries.bySystem(),
    ]);
    const told = groups.map((group) => ({
      ...group,
      reason: waitReason({ ...group, workers }).kind,
    }));
    const released = told.filter(({ workerClass }) => workerClass !== null);
    const total = (word: 'scheduled' | 'submitted' | 'started'): number =>
      bySystem.reduce((sum, row) => sum + row[word], 0);
    return {
      scheduled: total('scheduled'),
      submitted: total('submitted'),
      started: total('started'),
      bySystem,
      byPriority: byPriority(told),
      byClass: summed(released, ({ workerClass }) => workerClass!).map(([name, builds]) => {
        return { class: name, released: builds };
      }),
      byReason: reasonsOf(told),
    };
  }

  private async summaries(builds: readonly BuildId[]): Promise<BuildSummary[]> {
    const found = await Promise.all(builds.map((build) => this.neighbours.summary(build)));
    return found.filter((summary) => summary !== null);
  }
}

interface ToldGroup extends WaitingGroup {
  readonly reason: string;
}

function byPriority(groups: readonly ToldGroup[]): QueueAnswer['byPriority'] {
  const keyed = Map.groupBy(groups, ({ demand, priority }) => `${demand.system} ${priority}`);
  const rows = [...keyed.values()].map((alike) => {
    const [{ demand, priority }] = alike as [ToldGroup, ...ToldGroup[]];
    const oldest = Math.min(...alike.map((group) => group.oldest.getTime()));
    return {
      ...{ system: demand.system, priority },
      scheduled: alike.reduce((sum, { builds }) => sum + builds, 0),
      oldestScheduledAt: new Date(oldest).toISOString(),
      reasons: reasonsOf(alike),
    };
  });
  return rows.sort((a, b) => a.system.localeCompare(b.system, 'en') || a.priority - b.priority);
}

/** What most wait for comes first. */
function reasonsOf(groups: readonly ToldGroup[]): QueueAnswer['byReason'] {
  return summed(groups, ({ reason }) => reason)
    .map(([reason, builds]) => ({ reason, builds }))
    .sort((a, b) => b.builds - a.builds);
}

function summed(
  groups: readonly ToldGroup[],
  key: (group: ToldGroup) => string,
): [string, number][] {
  const sums = new Map<string, number>();
  for (const group of groups) sums.set(key(group), (sums.get(key(group)) ?? 0) + group.builds);
  return [...sums];
}

function isForWorkers({ kind }: WaitReason): boolean {
  return kind === 'all-busy' || kind === 'avoiding-workers';
}

function untilOf(reason: WaitReason): string | null {
  return reason.kind === 'backing-off' ? new Date(reason.until).toISOString() : null;
}
