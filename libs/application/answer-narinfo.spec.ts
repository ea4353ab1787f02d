import { beforeEach, describe, expect, it } from '@jest/globals';
import { FarmFault } from '#std/farm-fault.js';
import type { OfferedPath } from '#domain/substitute/offered-path.js';
import { NarinfoAnswers } from './answer-narinfo.js';

const row = (id: number): OfferedPath => ({
  id,
  dir: '/nix/store',
  path: `path-${id}`,
  narHash: 'sha256:x',
  narSize: 1,
  references: [],
  deriver: null,
  ca: null,
  files: [],
  signatures: [],
});

let rows: Map<string, OfferedPath>;
let lookups: number;
let rendered: number;
let clock: number;
let down: boolean;
let answers: NarinfoAnswers<string>;
const ask = (hashPart: string): Promise<string | null> =>
  answers.ask(`nix/${hashPart}`, { slug: 'nix', hashPart });

beforeEach(() => {
  rows = new Map([
    ['a', row(1)],
    ['b', row(2)],
    ['c', row(3)],
  ]);
  [lookups, rendered, clock, down] = [0, 0, 0, false];
  answers = new NarinfoAnswers(
    {
      substitutes: {
        async lookup(_slug, hashPart) {
          lookups += 1;
          if (down) throw new FarmFault('database-unavailable', 'gone');
          return rows.get(hashPart) ?? null;
        },
      },
      render: (offered) => {
        rendered += 1;
        return `narinfo of ${offered.path}`;
      },
      now: () => clock,
    },
    { answers: 2, fresh: 10 },
  );
});

describe('narinfo answers', () => {
  it('that are known are not asked of the truth for a while, and signed once', async () => {
    expect(answers.peek('nix/a')).toBeNull();
    expect(await ask('a')).toBe('narinfo of path-1');
    expect(answers.peek('nix/a')).toBe('narinfo of path-1');
    clock = 11;
    expect(answers.peek('nix/a')).toBeNull();
    expect(await ask('a')).toBe('narinfo of path-1');
    expect({ lookups, rendered }).toEqual({ lookups: 2, rendered: 1 });
  });

  it('are never misses that were remembered', async () => {
    expect(await ask('new')).toBeNull();
    rows.set('new', row(9));
    expect(await ask('new')).toBe('narinfo of path-9');
  });

  it('follow a withdrawn row, and another row under the same path', async () => {
    await ask('a');
    clock = 11;
    rows.set('a', row(7));
    expect(await ask('a')).toBe('narinfo of path-7');
    clock = 22;
    rows.delete('a');
    expect(await ask('a')).toBeNull();
    expect(answers.peek('nix/a')).toBeNull();
  });

  it('are looked up once for all who ask at the same time', async () => {
    await Promise.all([ask('a'), ask('a'), ask('a'), ask('missing'), ask('missing')]);
    expect(lookups).toBe(2);
  });

  it('stand while the truth does not answer, and nothing is invented', async () => {
    await ask('a');
    clock = 11;
    down = true;
    expect(await ask('a')).toBe('narinfo of path-1');
    await expect(ask('b')).rejects.toMatchObject({ code: 'database-unavailable' });
  });

  it('are bounded in number', async () => {
    for (const hashPart of ['a', 'b', 'c']) await ask(hashPart);
    const known = ['a', 'b', 'c'].map((hashPart) => answers.peek(`nix/${hashPart}`) !== null);
    expect(known).toEqual([false, true, true]);
  });
});
