/** Ends of attempts on the fake database, all of a call in one transaction. */
import { invariant } from '#std/invariant.js';
import type { OutputFacts, ReportedPath } from '#domain/build/judge-report.js';
import type { Settlement } from '#domain/build/next-build-status.js';
import type {
  AttemptReport,
  Decide,
  ReportStore,
  Settled,
} from '#application/ports/report-store.js';
import type { BuildRow, LeaseRow, UploadRow } from '../farm-subject.js';
import type { FakeFarmDatabase } from './farm-database.js';

export class FakeReportStore implements ReportStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  settle(reports: readonly AttemptReport[], decide: Decide): Promise<readonly Settled[]> {
    return this.database.transaction(() => reports.map((report) => this.one(report, decide)));
  }

  private one(report: AttemptReport, decide: Decide): Settled {
    const lease = this.liveLease(report);
    if (!lease) return this.settledBefore(report);
    const build = this.database.builds.find(lease.build)!;
    const { farmFaults } = build;
    const facts = {
      farmFaults,
      cancelReason: lease.cancelReason,
      workersLost: farmFaults === 0 ? 0 : this.workersLost(build),
      allowedMore: allowedMore(build),
    };
    const outputs = report.outputs.length === 0 ? null : this.factsOf(lease, report.outputs);
    const settlement = decide(report.attempt, facts, outputs);
    if (settlement.build.status === 'succeeded') this.offer(lease, report.outputs);
    this.close(lease, report, settlement);
    this.move(lease, settlement);
    return { accepted: true, build: build.id, evaluation: lease.evaluation, settlement };
  }

  private workersLost(build: BuildRow): number {
    return this.database.attempts.all().filter((attempt) => {
      const isOfLife = attempt.build === build.id && attempt.createdAt >= build.scheduledAt;
      return isOfLife && attempt.reason === 'worker-lost';
    }).length;
  }

  private liveLease(report: AttemptReport): LeaseRow | null {
    const lease = this.database.leases.find(report.attempt, 'leases_attempt_id_key');
    if (!lease || lease.worker !== report.worker) return null;
    if (lease.fence !== report.fence) return null;
    if (report.onlyIfExpired && lease.expiresAt >= this.database.now) return null;
    return lease;
  }

  private settledBefore(report: AttemptReport): Settled {
    const before = this.database.attempts.find(report.attempt);
    const isTheirs = before?.worker === report.worker && before.fence === report.fence;
    if (!isTheirs || before.endedAt === null || before.reason === 'worker-lost') {
      return { accepted: false };
    }
    return { accepted: true, build: null, evaluation: null, settlement: null };
  }

  private factsOf(lease: LeaseRow, reported: readonly ReportedPath[]): OutputFacts {
    const { outputs, paths } = this.database;
    const wanted = new Set(reported.flatMap((output) => [output.path, ...output.references]));
    const offered = [...wanted].flatMap((path) => {
      const row = paths.find(path.slice(0, 32));
      return row?.path === path ? [[path, row.narHash] as const] : [];
    });
    return {
      expected: outputs
        .all()
        .filter((output) => output.build === lease.build)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      uploaded: new Map(this.uploadsOf(lease).map((row) => [row.path, row.narHash])),
      offered: new Map(offered),
    };
  }

  private offer(lease: LeaseRow, reported: readonly ReportedPath[]): void {
    const { paths, outputs } = this.database;
    for (const upload of this.uploadsOf(lease)) {
      const output = reported.find((one) => one.path === upload.path);
      if (!output || paths.find(upload.path.slice(0, 32))) continue;
      const { path, narHash } = upload;
      const references = [...new Set(output.references)].sort();
      paths.insert({ path, narHash, attempt: lease.attempt, references, nars: 1 });
    }
    for (const output of reported) {
      const row = outputs.find(`${lease.build} ${output.name}`);
      if (row && row.path !== output.path) outputs.patch(row, { path: output.path });
    }
  }

  private close(lease: LeaseRow, report: AttemptReport, { attempt }: Settlement): void {
    const { attempts, leases, uploads, now } = this.database;
    const row = attempts.find(report.attempt);
    invariant(row?.endedAt === null, `attempt ${report.attempt} has a lease and no open row`);
    const logBytes = Math.max(row.logBytes, report.logBytes);
    const { status, reason, message } = attempt;
    attempts.patch(row, { status, reason, message, logBytes, endedAt: now });
    for (const upload of this.uploadsOf(lease)) uploads.remove(upload);
    leases.remove(lease);
  }

  private move(lease: LeaseRow, { build: next }: Settlement): void {
    const { builds, now } = this.database;
    const row = builds.find(lease.build)!;
    const runs = row.status === 'submitted' || row.status === 'started';
    invariant(runs, `build ${row.id} has a lease and is ${row.status}`);
    const isAgain = next.status === 'scheduled';
    builds.patch(row, {
      ...{ status: next.status, reason: next.reason, farmFaults: next.farmFaults },
      ...{ failurePropagated: false, releaseExpiresAt: null },
      notBefore: next.backOffSeconds === null ? null : this.database.after(next.backOffSeconds),
      endedAt: isAgain ? null : now,
      startedAt: isAgain ? null : row.startedAt,
    });
  }

  private uploadsOf(lease: LeaseRow): UploadRow[] {
    const principal = `attempt-${lease.attempt}`;
    return this.database.uploads
      .all()
      .filter((row) => row.principal === principal)
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

function allowedMore(build: BuildRow): boolean {
  const isMore = (now: number | null, tried: number | null): boolean =>
    now !== null && tried !== null && now > tried;
  const { timeoutSeconds, triedTimeoutSeconds, maxSilentSeconds, triedMaxSilentSeconds } = build;
  return (
    isMore(timeoutSeconds, triedTimeoutSeconds) || isMore(maxSilentSeconds, triedMaxSilentSeconds)
  );
}
