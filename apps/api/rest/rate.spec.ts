import { describe, expect, it } from '@jest/globals';
import { Rate } from './rate.js';

describe('the rate of requests', () => {
  it('admits a window’s worth at once, and then as it fills again', () => {
    const rate = new Rate({ most: 3, seconds: 60 });
    expect([1, 2, 3, 4].map(() => rate.take('a', 1000).admitted)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(rate.take('a', 1000).seconds).toBe(20);
    expect(rate.take('a', 21_000).admitted).toBe(true);
    expect(rate.take('a', 21_000).admitted).toBe(false);
  });

  it('counts each asker apart, and says what is left', () => {
    const rate = new Rate({ most: 2, seconds: 10 });
    expect(rate.take('a', 0)).toEqual({ admitted: true, left: 1, seconds: 5 });
    expect(rate.take('b', 0)).toEqual({ admitted: true, left: 1, seconds: 5 });
    expect(rate.take('a', 0)).toEqual({ admitted: true, left: 0, seconds: 10 });
  });

  it('forgets askers rather than growing', () => {
    const rate = new Rate({ most: 1, seconds: 10 });
    for (let asker = 0; asker <= 20_000; asker += 1) rate.take(`old-${asker}`, 0);
    expect(rate.take('old-0', 1)).toMatchObject({ admitted: true });
  });

  it('is not moved by a clock that goes back', () => {
    const rate = new Rate({ most: 1, seconds: 10 });
    rate.take('a', 5000);
    expect(rate.take('a', 0).admitted).toBe(false);
  });
});
