import { describe, expect, it } from '@jest/globals';
import { Gathered } from './gathered.js';

describe('calls that are gathered', () => {
  it('go together when they come together, and answers find their callers', async () => {
    const batches: number[][] = [];
    const gathered = new Gathered<number, number>(async (asked) => {
      batches.push([...asked]);
      return asked.map((n) => n * 2);
    }, 3);
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => gathered.ask(n)));
    expect(answers).toEqual([2, 4, 6, 8, 10]);
    expect(batches).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    expect(await gathered.ask(6)).toBe(12);
  });

  it('fail alone, and not with their neighbours', async () => {
    const gathered = new Gathered<number, number>(async (asked) => {
      if (asked.includes(2)) throw new Error('not two');
      return asked;
    }, 10);
    const settled = await Promise.allSettled([1, 2, 3].map((n) => gathered.ask(n)));
    expect(settled.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});
