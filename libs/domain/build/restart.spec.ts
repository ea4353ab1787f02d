import { describe, expect, it } from '@jest/globals';
import { isRemembered } from './failure-memory.js';
import type { FallenBuild } from './rising.js';
import { buildsToRestart, judgeRestart } from './restart.js';

function build(id: number, status: FallenBuild['status'], ...inputs: number[]): FallenBuild {
  return { id, status, inputs };
}

describe('a restart', () => {
  const builds = [
    build(1, 'failed'),
    build(2, 'failed-other'),
    build(3, 'canceled'),
    build(4, 'failed-dependency', 1),
    build(5, 'failed-dependency', 2),
    build(6, 'failed-dependency', 4, 2),
    build(7, 'started'),
  ];

  it('of the failures of one kind lifts what fell with them and with nothing else', () => {
    expect(buildsToRestart(builds, 'failed')).toEqual([1, 4]);
    expect(buildsToRestart(builds, 'infrastructure')).toEqual([2, 5]);
    expect(buildsToRestart(builds, 'canceled')).toEqual([3]);
    expect(buildsToRestart(builds, 'all')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('of dependents leaves those that need another failed build', () => {
    const fallen = [
      build(4, 'failed-dependency'),
      build(5, 'failed-dependency', 4),
      build(6, 'failed-dependency', 4, 99),
      build(7, 'failed-dependency', 6),
    ];
    expect(buildsToRestart(fallen, 'with-failed-dependents')).toEqual([4, 5]);
  });

  it('of a chain of 10,000 and of a hub with 60,000 takes no time to speak of', () => {
    const chain = Array.from({ length: 10_000 }, (_, n) =>
      build(n + 1, 'failed-dependency', ...(n === 0 ? [] : [n])),
    );
    const hub = Array.from({ length: 60_000 }, (_, n) => build(n + 2, 'failed-dependency', 1));
    const begun = performance.now();
    expect(buildsToRestart(chain, 'with-failed-dependents')).toHaveLength(10_000);
    expect(buildsToRestart([build(1, 'failed'), ...hub], 'failed')).toHaveLength(60_001);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('is refused for what has not ended, and for what needs a failed build', () => {
    const wish = { failedInputs: [], withDependents: false };
    expect(judgeRestart({ ...wish, status: 'failed' })).toEqual({ kind: 'restart' });
    expect(judgeRestart({ ...wish, status: 'started' })).toEqual({
      kind: 'refused',
      why: 'status',
    });
    expect(judgeRestart({ ...wish, status: 'failed-dependency', failedInputs: [1] })).toEqual({
      kind: 'refused',
      why: 'failed-inputs',
    });
    expect(judgeRestart({ ...wish, status: 'scheduled', withDependents: true })).toEqual({
      kind: 'dependents-only',
    });
  });
});

describe('a failure of a package', () => {
  const tried = { timeoutSeconds: 60, maxSilentSeconds: 10 };
  const failure = { reason: 'builder-failed', fixedOutput: false, tried };

  it('is remembered', () => {
    expect(isRemembered(failure, { timeoutSeconds: 600, maxSilentSeconds: 100 })).toBe(true);
  });

  it('of time is forgotten when more time is allowed', () => {
    const late = { ...failure, reason: 'timed-out' };
    expect(isRemembered(late, tried)).toBe(true);
    expect(isRemembered(late, { ...tried, timeoutSeconds: 61 })).toBe(false);
    expect(isRemembered(late, { ...tried, maxSilentSeconds: 99 })).toBe(true);
    const silent = { ...failure, reason: 'silent' };
    expect(isRemembered(silent, { ...tried, maxSilentSeconds: 99 })).toBe(false);
  });

  it('of a fixed output is never remembered', () => {
    expect(isRemembered({ ...failure, fixedOutput: true }, tried)).toBe(false);
  });
});
