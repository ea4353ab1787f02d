/** The small rules at Cuirass's edge: numbers, badges, how often a hook may be called, packing. */
import { describe, expect, it } from '@jest/globals';
import {
  buildNumber,
  buildNumberSql,
  evaluationNumber,
  statusesMeant,
  weatherNumber,
} from '#adapters/postgres/cuirass-numbers.js';
import { buildStatuses, type BuildStatus } from '#domain/build/status.js';
import { weathers } from '#domain/weather/weather.js';
import { badgeSvg } from './badge.js';
import { HookRate } from './hook-rate.js';

describe('statuses and weather as numbers', () => {
  it('are those that Cuirass has', () => {
    const all = Object.keys(buildStatuses) as BuildStatus[];
    expect(all.map(buildNumber).sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3, 4]);
    expect(weathers.map(weatherNumber)).toEqual([0, 1, 2, 3, -1]);
    expect((['started', 'succeeded', 'failed', 'aborted'] as const).map(evaluationNumber)).toEqual([
      -1, 0, 1, 2,
    ]);
    expect(buildNumberSql('s')).toContain("when 'canceled' then 4");
  });

  it.each([
    ['0', ['succeeded']],
    ['-2', ['scheduled']],
    ['failed-dependency', ['failed-dependency']],
    ['success', ['succeeded']],
    ['pending', ['submitted', 'scheduled', 'started']],
    ['9', []],
    ['', null],
    ['perhaps', null],
    ['toString', null],
  ])('%j means %j', (text, statuses) => {
    expect(statusesMeant(text)).toEqual(statuses);
  });
});

describe('a badge', () => {
  it.each([
    [{ jobs: 10, succeeded: 9 }, '90%'],
    [{ jobs: 3, succeeded: 2 }, '66%'],
    [{ jobs: 0, succeeded: 0 }, '100%'],
    [null, 'error'],
  ])('of %j says %s', (counts, word) => {
    expect(badgeSvg(counts, null)).toContain(`>${word}</text>`);
  });

  it('says no more than the name', () => {
    expect(badgeSvg(null, '<script>"&')).not.toContain('<script>');
  });
});

describe('calls of a hook', () => {
  it('are eight in five minutes, of each name by itself', () => {
    const rate = new HookRate();
    const admitted = Array.from({ length: 10 }, (_, at) => rate.admits('a', at));
    expect(admitted).toEqual([...Array<boolean>(8).fill(true), false, false]);
    expect(rate.admits('b', 10)).toBe(true);
    expect(rate.admits('a', 299_999)).toBe(false);
    expect(rate.admits('a', 300_000)).toBe(true);
    expect(rate.admits('a', 300_000)).toBe(false);
  });
});
