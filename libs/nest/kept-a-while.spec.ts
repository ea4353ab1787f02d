import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KeptAWhile } from './kept-a-while.js';

let asked = 0;
let answer: () => Promise<number>;
let kept: KeptAWhile<number>;

beforeEach(() => {
  asked = 0;
  answer = async () => asked;
  const ask = (): Promise<number> => {
    asked += 1;
    return answer();
  };
  kept = new KeptAWhile({ ask, fresh: 1000, told: 5000, patience: 20 });
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** So much later. */
function at(milliseconds: number): void {
  const clock = performance.now() + milliseconds;
  jest.spyOn(performance, 'now').mockReturnValue(clock);
}

describe('what is told for a while', () => {
  it('is asked for once by all who come meanwhile', async () => {
    expect(await Promise.all([kept.read(), kept.read()])).toEqual([1, 1]);
    expect(await kept.read()).toBe(1);
    expect(asked).toBe(1);
  });

  it('is told as it was while it is asked for again', async () => {
    await kept.read();
    at(2000);
    expect(await kept.read()).toBe(1);
    expect(asked).toBe(2);
    expect(await kept.read()).toBe(2);
  });

  it('is nothing while nobody answers, and nobody waits for long', async () => {
    answer = () => new Promise(() => undefined);
    expect(await kept.read()).toBeNull();
  });

  it('is too old to be told after a while, and asked for again after a fault', async () => {
    await kept.read();
    answer = () => Promise.reject(new Error('away'));
    at(6000);
    expect(await kept.read()).toBeNull();
    answer = async () => 7;
    expect(await kept.read()).toBeNull();
    at(1000);
    expect(await kept.read()).toBe(7);
  });
});
