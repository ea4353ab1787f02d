import { describe, expect, it } from '@jest/globals';
import { commitVerdict, type CommitVerdict, type Standing } from './commit-status.js';

const good: Standing = { evaluation: 'succeeded', canceled: false, jobs: {} };
const of = (jobs: Standing['jobs'], more: Partial<Standing> = {}): CommitVerdict =>
  commitVerdict({ ...good, ...more, jobs });

describe('the status of a commit', () => {
  it('is pending until the last build has ended, and then a success', () => {
    expect(of({}, { evaluation: 'started' })).toMatchObject({ word: 'pending', settled: false });
    expect(of({ succeeded: 3 }, { evaluation: 'started' })).toMatchObject({
      word: 'pending',
      settled: false,
    });
    expect(of({ succeeded: 3, started: 1 })).toMatchObject({ word: 'pending', settled: false });
    const all = 'All 4 jobs succeeded.';
    expect(of({ succeeded: 4 })).toMatchObject({
      word: 'success',
      settled: true,
      description: all,
    });
    expect(of({})).toMatchObject({ word: 'success', settled: true });
  });

  it('is a failure from the first build that fails, and says at the end how many did', () => {
    const first = of({ failed: 1, scheduled: 5 });
    expect(first).toMatchObject({ word: 'failure', settled: false, link: 'build' });
    expect(of({ failed: 2, 'failed-dependency': 9, scheduled: 1 })).toEqual(first);
    const last = '11 of 12 jobs failed.';
    expect(of({ failed: 2, 'failed-dependency': 9, succeeded: 1 })).toEqual({
      word: 'failure',
      settled: true,
      link: 'build',
      description: last,
    });
    expect(of({ error: 1, succeeded: 1 })).toMatchObject({
      word: 'failure',
      settled: true,
      link: 'evaluation',
    });
  });

  it('is no failure of the commit when people stopped it', () => {
    expect(of({ scheduled: 1 }, { canceled: true })).toMatchObject({
      word: 'error',
      settled: true,
    });
    expect(of({}, { evaluation: 'aborted' })).toMatchObject({ word: 'error', settled: true });
    expect(of({ canceled: 1, succeeded: 1 })).toMatchObject({ word: 'error', settled: true });
    expect(of({}, { evaluation: 'failed' })).toMatchObject({
      word: 'failure',
      settled: true,
      link: 'evaluation',
    });
  });
});
