import { describe, expect, it } from '@jest/globals';
import { faultOfWorker, type EndedAttempt } from './judge-worker.js';

const fault = (build: number, reason = 'no-space'): EndedAttempt => ({
  build,
  status: 'failed-other',
  reason,
});

describe('a worker', () => {
  it('that ended five attempts of several builds by the farm’s fault fails everything', () => {
    const last = [fault(1), fault(2), fault(3, 'upload-failed'), fault(1), fault(2)];
    expect(faultOfWorker(last)).toBe(
      "Its last 5 attempts, of 3 builds, ended by the farm's fault: no-space, upload-failed.",
    );
  });

  it('is not judged by a build that no worker survives', () => {
    expect(faultOfWorker([1, 1, 1, 2, 2].map((build) => fault(build)))).toBeNull();
  });

  it('is cleared by one success, and by a package that failed in its hands', () => {
    for (const status of ['succeeded', 'failed'] as const) {
      const cleared: EndedAttempt = { build: 9, status, reason: null };
      const last = [fault(1), fault(2), cleared, fault(3), fault(4), fault(5)];
      expect(faultOfWorker(last)).toBeNull();
    }
  });

  it('is not judged by what was canceled or handed back', () => {
    const canceled: EndedAttempt = { build: 9, status: 'canceled', reason: null };
    const back = fault(8, 'handed-back');
    const last = [fault(1), canceled, fault(2), back, fault(3), fault(4)];
    expect(faultOfWorker(last)).toBeNull();
    expect(faultOfWorker([...last, fault(5)])).not.toBeNull();
  });
});
