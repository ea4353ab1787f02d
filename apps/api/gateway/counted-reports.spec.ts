import { expect, it } from '@jest/globals';
import type { ReportStore, Settled } from '#application/ports/report-store.js';
import { nextBuildStatus, type AttemptOutcome } from '#domain/build/next-build-status.js';
import { id, type BuildId, type EvaluationId } from '#domain/ids.js';
import { CountedReports } from './counted-reports.js';

it('builds are counted when a report ends them, and not when another attempt follows', async () => {
  const answers: Settled[] = [
    settled({ kind: 'succeeded' }),
    settled({ kind: 'succeeded' }),
    settled({ kind: 'failed', reason: 'builder-failed', message: 'exit code 1' }),
    settled({ kind: 'failed', reason: 'worker-lost', message: 'silence' }),
    { accepted: true, build: null, evaluation: null, settlement: null },
    { accepted: false },
  ];
  const store: ReportStore = { settle: () => Promise.resolve(answers) };
  const counted = new CountedReports(store);
  expect(await counted.settle([], () => answerOf({ kind: 'succeeded' }))).toBe(answers);
  expect(counted.family().samples).toEqual([
    { labels: { status: 'succeeded' }, value: 2 },
    { labels: { status: 'failed' }, value: 1 },
  ]);
});

function answerOf(outcome: AttemptOutcome): ReturnType<typeof nextBuildStatus> {
  return nextBuildStatus(outcome, { cancelReason: null, farmFaults: 0 });
}

function settled(outcome: AttemptOutcome): Settled {
  const build = id<BuildId>(1);
  return { accepted: true, build, evaluation: id<EvaluationId>(1), settlement: answerOf(outcome) };
}
