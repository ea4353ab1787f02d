/**
 * Reports that wait together are committed together, and while one batch commits the next is read:
 * two are under way when enough reports come. A batch that fails is tried again one by one, so that
 * one report the farm cannot digest holds up no other.
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
const batchesAtOnce = 2;
const enoughForTwo = 32;

export class ReportDesk {
  private pending: Pending[] = [];
  /** Attempts of the batches under way: none stands in two. */
  private readonly underWay = new Set<number>();
  private batches = 0;
  private looking = false;
  private readonly closing: (() => void)[] = [];

  constructor(private readonly parts: AcceptReportParts) {}

  /** Whether it is accepted; resolves after the commit. Rejects when it could not be committed. */
  settle(report: WorkerReport): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.pending.push({ report, resolve, reject });
      this.look();
    });
  }

  /** Resolves when nothing waits any more. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.closing.push(resolve);
      this.look();
    });
  }

  /** Those who were answered a moment ago may have more to say: it goes along. */
  private look(): void {
    if (this.looking) return;
    this.looking = true;
    setImmediate(() => {
      this.looking = false;
      this.begin();
    });
  }

  private begin(): void {
    if (this.batches < batchesAtOnce && this.pending.length >= Math.max(1, this.underWay.size)) {
      const batch = this.takeBatch();
      if (batch.length > 0) {
        void this.carryOut(batch);
        this.look();
      }
    }
    if (this.batches === 0 && this.pending.length === 0) {
      for (const resolve of this.closing.splice(0)) resolve();
    }
  }

  private async carryOut(batch: readonly Pending[]): Promise<void> {
    this.batches += 1;
    for (const { report } of batch) this.underWay.add(report.attempt);
    await this.commit(batch);
    for (const { report } of batch) this.underWay.delete(report.attempt);
    this.batches -= 1;
    this.look();
  }

  /**
   * Half of all, once there are enough for two: while one batch is written the other is read. In
   * the order of attempts, as all who lock several; an attempt stands in a batch once.
   */
  private takeBatch(): Pending[] {
    const all = this.pending.length + this.underWay.size;
    const share = all < enoughForTwo ? all : Math.ceil(all / batchesAtOnce);
    const atMost = Math.min(reportsAtOnce, share);
    const batch = new Map<number, Pending>();
    const later: Pending[] = [];
    for (const one of this.pending) {
      const { attempt } = one.report;
      const fits = batch.size < atMost && !batch.has(attempt) && !this.underWay.has(attempt);
      if (fits) batch.set(attempt, one);
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
