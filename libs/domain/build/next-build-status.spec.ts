import { describe, expect, it } from '@jest/globals';
import { failureReasons, faultOf, type FailureReason } from './reason.js';
import { backOffSeconds, nextBuildStatus, type AttemptFacts } from './next-build-status.js';
import { buildStatuses } from './status.js';

const fresh: AttemptFacts = { farmFaults: 0, cancelReason: null };
const failed = (reason: FailureReason) => ({ kind: 'failed', reason, message: 'm' }) as const;
const reasons = Object.keys(failureReasons) as FailureReason[];

describe('the end of an attempt', () => {
  it.each(reasons.filter((r) => faultOf(r) === 'package'))(
    '%s fails the build for good',
    (reason) => {
      const { attempt, build } = nextBuildStatus(failed(reason), fresh);
      expect(build).toMatchObject({ status: 'failed', reason, farmFaults: 0 });
      expect(attempt.status).toBe('failed');
    },
  );

  it.each(reasons.filter((r) => faultOf(r) === 'farm'))('%s never fails the build', (reason) => {
    const { attempt, build } = nextBuildStatus(failed(reason), fresh);
    expect(build.status).toBe('scheduled');
    expect(attempt).toMatchObject({ status: 'failed-other', reason });
  });

  it('pauses longer after each farm fault and gives up after the fifth', () => {
    const pauses: (number | null)[] = [];
    let farmFaults = 0;
    for (;;) {
      const { build } = nextBuildStatus(failed('no-space'), { ...fresh, farmFaults });
      farmFaults = build.farmFaults;
      if (build.status !== 'scheduled') {
        expect(build).toMatchObject({
          status: 'failed-other',
          reason: 'no-space',
          farmFaults: 5,
        });
        break;
      }
      pauses.push(build.backOffSeconds);
    }
    expect(pauses).toEqual([2, 8, 32, 128]);
    expect(backOffSeconds(0)).toBe(2);
  });

  it('quarantines what took three workers down, whatever else failed in between', () => {
    const lost = (workersLost: number) =>
      nextBuildStatus(failed('worker-lost'), { ...fresh, farmFaults: workersLost, workersLost });
    expect(lost(1).build).toMatchObject({ status: 'scheduled', farmFaults: 2 });
    expect(lost(2).build).toMatchObject({ status: 'failed-other', reason: 'quarantined' });
    expect(lost(2).attempt).toMatchObject({ status: 'failed-other', reason: 'worker-lost' });
    const other = nextBuildStatus(failed('no-space'), { ...fresh, farmFaults: 2, workersLost: 2 });
    expect(other.build.status).toBe('scheduled');
  });

  it('tries again at once what ran out of time that it has been given since', () => {
    const more = { ...fresh, allowedMore: true };
    expect(nextBuildStatus(failed('timed-out'), more)).toMatchObject({
      attempt: { status: 'failed', reason: 'timed-out' },
      build: { status: 'scheduled', farmFaults: 0, backOffSeconds: null },
    });
    expect(nextBuildStatus(failed('builder-failed'), more).build.status).toBe('failed');
  });

  it('counts nothing against a build that a draining worker handed back', () => {
    const { build } = nextBuildStatus(failed('handed-back'), { ...fresh, farmFaults: 4 });
    expect(build).toMatchObject({ status: 'scheduled', farmFaults: 4, backOffSeconds: null });
  });

  it('cancels only what somebody wished to cancel', () => {
    const outcome = { kind: 'canceled', message: 'stopped' } as const;
    expect(nextBuildStatus(outcome, fresh).build.status).toBe('scheduled');
    const wished = { ...fresh, cancelReason: 'superseded' };
    expect(nextBuildStatus(outcome, wished).build.status).toBe('canceled');
    expect(nextBuildStatus(failed('worker-lost'), wished).build.status).toBe('canceled');
    expect(nextBuildStatus({ kind: 'succeeded' }, wished).build.status).toBe('succeeded');
  });

  it('goes only where the status table lets a running build go', () => {
    const outcomes = [{ kind: 'succeeded' } as const, { kind: 'canceled', message: '' } as const];
    for (const outcome of [...outcomes, ...reasons.map(failed)]) {
      for (const cancelReason of [null, 'wish']) {
        for (const farmFaults of [0, 4]) {
          const { build } = nextBuildStatus(outcome, { farmFaults, cancelReason });
          expect(Object.keys(buildStatuses.submitted.next)).toContain(build.status);
          expect(Object.keys(buildStatuses.started.next)).toContain(build.status);
        }
      }
    }
  });
});
