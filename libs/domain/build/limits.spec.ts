import { describe, expect, it } from '@jest/globals';
import { capLimits, resolveLimits } from './limits.js';

describe('the limits of a build', () => {
  it('are the job’s, else the specification’s, else the default', () => {
    expect(
      resolveLimits({ timeoutSeconds: 5 }, { timeoutSeconds: 7, maxSilentSeconds: 3 }),
    ).toEqual({ timeoutSeconds: 5, maxSilentSeconds: 3 });
    expect(resolveLimits({}, {})).toEqual({ timeoutSeconds: 21_600, maxSilentSeconds: 3600 });
  });

  it('are thirty days at most, whatever the job wishes', () => {
    const wish = { timeoutSeconds: 99_999_999_999, maxSilentSeconds: Number.MAX_SAFE_INTEGER };
    expect(resolveLimits(wish, {})).toEqual({
      timeoutSeconds: 2_592_000,
      maxSilentSeconds: 2_592_000,
    });
  });

  it('are shortened by a worker, never lengthened', () => {
    const limits = { timeoutSeconds: 10, maxSilentSeconds: 5 };
    expect(capLimits(limits, { timeoutSeconds: 3, maxSilentSeconds: 50 })).toEqual({
      timeoutSeconds: 3,
      maxSilentSeconds: 5,
    });
  });
});
