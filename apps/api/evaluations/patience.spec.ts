import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import { soon } from './patience.js';

const of = (jobCount: number) => ({ jobCount }) as EvaluationAnswer;
const never = new Promise<string>(() => undefined);

describe('the jobs of a large evaluation', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('are not waited for longer than a page may take', async () => {
    const answer = soon(of(150_000), never);
    await jest.advanceTimersByTimeAsync(60);
    expect(await answer).toBeNull();
  });

  it('are told when they are there in time, and so is what went wrong', async () => {
    expect(await soon(of(150_000), Promise.resolve('all'))).toBe('all');
    await expect(soon(of(150_000), Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('of a small one are waited for', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const answer = soon(of(100), promise);
    await jest.advanceTimersByTimeAsync(1000);
    resolve('late');
    expect(await answer).toBe('late');
  });
});
