/**
 * Reports that wait together are committed together. A batch that fails is tried again one by one,
 * so that one report the farm cannot digest holds up no other.
 */
import {
  acceptReports,
  type AcceptReportParts,
  type WorkerReport,
} from '#application/accept-report.js';

interface Pending {
  readonly report: WorkerReport;
  readonly resolve: (accepted: boolean) => void;
  readonly reject: (error: unknown) => void;
}

const reportsAtOnce = 256;

export class ReportDesk {
  private pending: Pending[] = [];
  private working: Promise<void> | null = null;

  constructor(private readonly parts: AcceptReportParts) {}

  /** Whether it is accepted; resolves after the commit. Rejects when it could not be committed. */
  settle(report: WorkerReport): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.pending.push({ report, resolve, reject });
      this.working ??= this.work();
    });
  }

  /** Resolves when nothing waits any more. */
  async close(): Promise<void> {
    await this.working;
  }

  private async work(): Promise<void> {
    while (this.pending.length > 0) {
      // Those who were answered a moment ago may have more to say: it goes along.
      await new Promise((resolve) => setImmediate(resolve));
      await this.commit(this.takeBatch());
    }
    // At once: a report that came a moment later would find a desk at work that has gone home.
    this.working = null;
  }

  /** In the order of attempts, as all who lock several; an attempt stands in a batch once. */
  private takeBatch(): Pending[] {
    const batch = new Map<number, Pending>();
    const later: Pending[] = [];
    for (const one of this.pending) {
      const fits = batch.size < reportsAtOnce && !batch.has(one.report.attempt);
      if (fits) batch.set(one.report.attempt, one);
      else later.push(one);
    }
    this.pending = later;
    return [...batch.values()].sort((a, b) => a.report.attempt - b.report.attempt);
  }

  private async commit(batch: readonly Pending[]): Promise<void> {
    try {
      const answers = await acceptReports(
        this.parts,
        batch.map((one) => one.report),
      );
      batch.forEach((one, at) => one.resolve(answers[at] ?? false));
    } catch (error) {
      if (batch.length === 1) return batch[0]!.reject(error);
      for (const one of batch) await this.commit([one]);
    }
  }
}
