import { describe, expect, it } from '@jest/globals';
import { merged } from './merged.js';

async function* counting(name: string, to: number, ended: string[]): AsyncGenerator<string> {
  try {
    for (let number = 1; number <= to; number++) yield `${name}${number}`;
  } finally {
    ended.push(name);
  }
}

async function* failing(): AsyncGenerator<string> {
  yield 'x1';
  throw new Error('broken');
}

async function taken(source: AsyncIterable<string>): Promise<string[]> {
  const items: string[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('streams read at once', () => {
  it('give all their items, those of each in order', async () => {
    const items = await taken(merged([counting('a', 3, []), counting('b', 2, [])]));
    expect(items.filter((item) => item.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(items.filter((item) => item.startsWith('b'))).toEqual(['b1', 'b2']);
  });

  it('begin only as many at a time as are wanted', async () => {
    const ended: string[] = [];
    const streams = ['a', 'b', 'c'].map((name) => counting(name, 2, ended));
    expect(await taken(merged(streams, 1))).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
  });

  it('are all closed when one of them fails, and when nobody reads on', async () => {
    const ended: string[] = [];
    await expect(taken(merged([counting('a', 9, ended), failing()]))).rejects.toThrow('broken');
    expect(ended).toEqual(['a']);
    for await (const item of merged([counting('b', 9, ended), counting('c', 9, ended)])) {
      if (item.endsWith('3')) break;
    }
    expect(ended.sort()).toEqual(['a', 'b', 'c']);
  });
});
