/** Counts the builds that end by what workers report to this process, for its measures. */
import type {
  AttemptReport,
  Decide,
  ReportStore,
  Settled,
} from '#application/ports/report-store.js';
import { isFinal } from '#domain/build/status.js';
import { Totals, type Family } from '#nest/exposition.js';

export class CountedReports implements ReportStore {
  private readonly ended = new Totals(['status']);

  constructor(private readonly store: ReportStore) {}

  async settle(reports: readonly AttemptReport[], decide: Decide): Promise<readonly Settled[]> {
    const settled = await this.store.settle(reports, decide);
    for (const one of settled) {
      const build = one.accepted ? one.settlement?.build : undefined;
      if (build && isFinal(build.status)) this.ended.add([build.status]);
    }
    return settled;
  }

  family(): Family {
    return {
      name: 'builds_ended_total',
      help: 'Builds that ended by a report to this process',
      type: 'counter',
      samples: this.ended.samples(),
    };
  }
}
