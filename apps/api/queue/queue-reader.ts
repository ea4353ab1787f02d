/** The queue whole: what waits and why, what is to come, what ended lately, and until when. */
import { Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { QueueOutlook } from '#adapters/postgres/queue-outlook.js';
import type { SystemDrain } from '#domain/scheduling/planner.js';
import { KeptAWhile } from '#nest/kept-a-while.js';
import type { FinishedBuilds, QueueAnswer } from '#protocol/api/queue.js';
import { PlannerInquiry } from '../builds/planner-inquiry.js';
import { estimateEmpty } from './empty-estimate.js';
import { QueueCounts } from './queue-counts.js';

/** What ended in an hour changes little in seconds, and a page has no time for a cold disk. */
const finishedFor = { fresh: 10_000, told: 120_000, patience: 50 };
/** The planner goes through all its builds for an answer, which is for all who read meanwhile. */
const drainsFor = { fresh: 1000, told: 5000, patience: 100 };

@Injectable()
export class QueueReader {
  private readonly outlook: QueueOutlook;
  private readonly finished: KeptAWhile<FinishedBuilds | null>;
  private readonly drains: KeptAWhile<readonly SystemDrain[] | null>;

  constructor(
    private readonly counts: QueueCounts,
    planner: PlannerInquiry,
    database: Database,
  ) {
    this.outlook = new QueueOutlook(database);
    this.finished = new KeptAWhile({ ...finishedFor, ask: () => this.outlook.finished() });
    this.drains = new KeptAWhile({ ...drainsFor, ask: () => planner.queue() });
  }

  async read(): Promise<QueueAnswer> {
    const [counts, evaluations, finished, drains] = await Promise.all([
      this.counts.read(),
      this.outlook.evaluations(),
      this.finished.read(),
      this.drains.read(),
    ]);
    const { all: underWay, items } = evaluations;
    const estimate = drains && estimateEmpty(counts, drains);
    return { ...counts, outlook: { evaluations: { underWay, items }, finished, estimate } };
  }
}
