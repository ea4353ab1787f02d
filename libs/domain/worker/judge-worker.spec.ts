import { describe, expect, it } from '@jest/globals';
import { faultOfWorker, workersToDrain, type EndedAttempt } from './judge-worker.js';

const fault = (build: number, reason = 'no-space', slot = 0): EndedAttempt => ({
  ...{ build, slot, reason },
  status: 'failed-other',
});

describe('a worker', () => {
  it('that ended five attempts of several builds by the farm’s fault fails everything', () => {
    const last = [fault(1), fault(2), fault(3, 'upload-failed'), fault(1), fault(2)];
    expect(faultOfWorker(last)).toEqual({
      why: "Its last 5 attempts, of 3 builds, ended by the farm's fault: no-space, upload-failed.",
      ofTheWay: false,
    });
  });

  it('is not judged by a build that no worker survives', () => {
    expect(faultOfWorker([1, 1, 1, 2, 2].map((build) => fault(build)))).toBeNull();
  });

  it('is not condemned by one crash that emptied all of its slots', () => {
    const crash = [0, 1, 2, 3, 4, 5, 6, 7].map((slot) => fault(slot, 'worker-lost', slot));
    expect(faultOfWorker(crash)).toBeNull();
    expect(faultOfWorker([...crash, ...crash, ...crash, ...crash])).toBeNull();
    expect(faultOfWorker([...crash, ...crash, ...crash, ...crash, ...crash])).not.toBeNull();
  });

  it('is cleared by one success, and by a package that failed in its hands', () => {
    for (const status of ['succeeded', 'failed'] as const) {
      const cleared: EndedAttempt = { build: 9, slot: 0, status, reason: null };
      const last = [fault(1), fault(2), cleared, fault(3), fault(4), fault(5)];
      expect(faultOfWorker(last)).toBeNull();
    }
  });

  it('is not judged by what was canceled or handed back', () => {
    const canceled: EndedAttempt = { build: 9, slot: 0, status: 'canceled', reason: null };
    const back = fault(8, 'handed-back');
    const last = [fault(1), canceled, fault(2), back, fault(3), fault(4)];
    expect(faultOfWorker(last)).toBeNull();
    expect(faultOfWorker([...last, fault(5)])).not.toBeNull();
  });
});

describe('workers that cannot reach the farm’s stores', () => {
  const condemned = (ofTheWay: boolean) => ({ judgement: { why: '', ofTheWay } });

  it('stay when they are half of all: then it is the farm that fails', () => {
    const cut = [condemned(true), condemned(true), condemned(false)];
    expect(workersToDrain(cut, 4)).toEqual([condemned(false)]);
    expect(workersToDrain(cut, 5)).toEqual(cut);
  });
});
