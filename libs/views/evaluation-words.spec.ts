import { describe, expect, it } from '@jest/globals';
import { differenceKinds, type DifferenceKind } from '#domain/evaluation-difference/difference.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import { evaluationAddress } from './evaluation-address.js';
import { availability, differenceVerdict, withReading } from './evaluation-words.js';

const now = new Date('2026-11-20T12:00:00Z');
const against = { id: '1', specification: 'demo', startedAt: '2026-11-19T12:00:00.000Z' };

function told(counts: Partial<Record<DifferenceKind, number>>, compared = true) {
  const none = Object.fromEntries(differenceKinds.map((kind) => [kind, 0]));
  return {
    ...{ evaluation: '2', against: compared ? against : null },
    ...{ jobs: 1000, succeeded: 991, waiting: 0 },
    counts: { ...none, ...counts } as Record<DifferenceKind, number>,
  };
}

describe('the verdict of an evaluation', () => {
  it('is one line that begins with what broke', () => {
    const counts = { 'newly-failing': 3, 'newly-succeeding': 12, waiting: 41, 'still-failing': 2 };
    const estimate = { startsAt: null, endsAt: '2026-11-20T12:25:00.000Z' };
    expect(differenceVerdict(told(counts), estimate, now)).toBe(
      '3 newly failing, 12 newly succeeding, 2 still failing, 41 waiting, ' +
        'about 25 min left; availability 99.1 %',
    );
    expect(differenceVerdict(told(counts), null, now)).not.toContain('left');
  });

  it('says that nothing changed, or that there is nothing to compare with', () => {
    expect(differenceVerdict(told({}), null, now)).toBe('Nothing changed; availability 99.1 %');
    expect(differenceVerdict(told({ failing: 9 }, false), null, now)).toMatch(/^9 failing;/);
    expect(differenceVerdict(told({}, false), null, now)).toMatch(/^None failing;/);
  });

  it('calls 100 % only what is all of it', () => {
    expect(availability({ succeeded: 9999, jobs: 10_000 })).toBe('99.9 %');
    expect(availability({ succeeded: 10_000, jobs: 10_000 })).toBe('100 %');
    expect(availability({ succeeded: 0, jobs: 0 })).toBe('–');
  });
});

describe('the first line of an evaluation', () => {
  it('tells what became of the evaluation itself before anything of its jobs', () => {
    const of = (status: EvaluationStatus, more = {}) => ({
      ...{ status, cancelReason: null, jobs: {} },
      ...more,
    });
    expect(withReading(of('started'), '')).toBe('Being evaluated');
    expect(withReading(of('started'), '9 waiting')).toBe('Being evaluated. 9 waiting');
    expect(withReading(of('failed'), '')).toBe('Could not be evaluated');
    expect(withReading(of('aborted'), '9 waiting')).toBe('Canceled. 9 waiting');
    expect(withReading(of('succeeded'), '')).toBe('No jobs');
    expect(withReading(of('succeeded'), '9 waiting')).toBe('9 waiting');
    const superseded = { cancelReason: 'superseded', jobs: { canceled: 1 } };
    expect(withReading(of('succeeded', superseded), '1 canceled')).toBe('Superseded. 1 canceled');
    // It had been built to its end before.
    const late = { cancelReason: 'superseded', jobs: { succeeded: 1 } };
    expect(withReading(of('succeeded', late), 'All')).toBe('All');
  });
});

describe('the address of an evaluation', () => {
  it('bears what is asked for, whatever is in it', () => {
    const shown = { name: 'a&b=c', kind: 'all', cursor: undefined } as const;
    expect(evaluationAddress('7', shown)).toBe('/evaluations/7?kind=all&name=a%26b%3Dc');
    expect(evaluationAddress('7', {}, '/map')).toBe('/evaluations/7/map');
  });
});
