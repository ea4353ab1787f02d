import { describe, expect, it } from '@jest/globals';
import { bytes, count, duration, percent, relative, verdict } from './words.js';

describe('the verdict of an evaluation', () => {
  it('is one line, what wants a look after what went well', () => {
    expect(verdict({ succeeded: 57, failed: 2, scheduled: 1 })).toBe(
      '57 of 60 succeeded, 2 failed, 1 waiting',
    );
    expect(
      verdict({ 'failed-other': 1, 'failed-dependency': 3, error: 1, started: 1, submitted: 1 }),
    ).toBe(
      '0 of 7 succeeded, 3 failed by an input, 1 lost by the farm, ' +
        '1 could not be evaluated, 2 building',
    );
    expect(verdict({ succeeded: 1200 })).toBe('All 1\u202f200 succeeded');
    expect(verdict({ succeeded: 1 })).toBe('The job succeeded');
    expect(verdict({})).toBe('No jobs');
  });
});

describe('numbers for people', () => {
  it('a share is whole only when nothing is missing', () => {
    expect(percent(9999, 10_000)).toBe('99.9 %');
    expect(percent(3, 3)).toBe('100 %');
    expect(percent(1, 200)).toBe('0.5 %');
    expect(percent(0, 0)).toBe('0.0 %');
  });

  it('durations have two units at most', () => {
    expect([0.4, 59.4, 60, 192, 7500, 356_400].map(duration)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '3 min 12 s',
      '2 h 5 min',
      '4 d 3 h',
    ]);
  });

  it('times are told from now', () => {
    const now = new Date('2026-11-20T12:00:00Z');
    expect(relative('2026-11-20T11:59:58Z', now)).toBe('now');
    expect(relative('2026-11-20T11:56:20Z', now)).toBe('3 min ago');
    expect(relative('2026-11-20T14:10:00Z', now)).toBe('in 2 h');
    expect(relative('2026-11-17T11:00:00Z', now)).toBe('3 d ago');
  });

  it('sizes are binary and counts grouped', () => {
    expect([0, 1023, 1536, 5_000_000].map(bytes)).toEqual(['0 B', '1023 B', '1.5 KiB', '4.8 MiB']);
    expect([7, 1000, 1234567].map(count)).toEqual(['7', '1\u202f000', '1\u202f234\u202f567']);
  });
});
