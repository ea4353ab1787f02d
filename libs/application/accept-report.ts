/**
 * A worker's word on how an attempt ended. It is answered only after the commit; a repeated report
 * gets the same answer, and one without the attempt's fence changes nothing.
 */
import { invariant } from '#std/invariant.js';
import type { BuildId } from '#domain/ids.js';
import { judgeOutputs } from '#domain/build/judge-report.js';
import { isFailed, type BuildStatus } from '#domain/build/status.js';
import { nextBuildStatus, type AttemptOutcome } from '#domain/build/next-build-status.js';
import type { Bus } from './ports/bus.js';
import type { AttemptReport, Decide, ReportStore, Settled } from './ports/report-store.js';

export interface AcceptReportParts {
  readonly store: ReportStore;
  readonly bus: Bus;
}

/**
 * For a success the outputs are in the report, and whether it is one is decided by what arrived.
 */
export interface WorkerReport extends AttemptReport {
  readonly outcome: AttemptOutcome;
}

/** Answers in the order of the reports: whether each is accepted. All end in one transaction. */
export async function acceptReports(
  parts: AcceptReportParts,
  reports: readonly WorkerReport[],
): Promise<readonly boolean[]> {
  const settled = await parts.store.settle(reports, decideBy(reports));
  await tell(parts.bus, settled);
  return settled.map((one) => one.accepted);
}

function decideBy(reports: readonly WorkerReport[]): Decide {
  const byAttempt = new Map(reports.map((report) => [report.attempt, report]));
  return (attempt, facts, arrived) => {
    const report = byAttempt.get(attempt);
    invariant(report, `attempt ${attempt} is not among the reports`);
    const { outcome, outputs } = report;
    if (outcome.kind !== 'succeeded') return nextBuildStatus(outcome, facts);
    return nextBuildStatus(arrived ? judgeOutputs(outputs, arrived) : nothingReported, facts);
  };
}

const nothingReported: AttemptOutcome = {
  kind: 'failed',
  reason: 'upload-failed',
  message: 'The report names no outputs.',
};

/** Wakes everyone whom the ends concern. */
export async function tell(bus: Bus, settled: readonly Settled[]): Promise<void> {
  const ended = settled.flatMap((one) =>
    one.accepted && one.build !== null && one.settlement !== null
      ? [{ build: one.build, status: one.settlement.build.status }]
      : [],
  );
  if (ended.length === 0) return;
  await bus.publish('planner', '');
  if (ended.some(({ status }) => isFailed(status))) await bus.publish('failures', '');
  await Promise.all(ended.map((one) => tellBuild(bus, one)));
}

export async function tellBuild(
  bus: Bus,
  moved: { readonly build: BuildId; readonly status: BuildStatus },
): Promise<void> {
  await bus.publish('live/builds', JSON.stringify(moved));
}
