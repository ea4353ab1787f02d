import { beforeEach, describe, expect, it } from '@jest/globals';
import { FarmFault } from '#std/farm-fault.js';
import { NarinfoAnswers } from './answer-narinfo.js';
import type { AnswerKeeper, HeldAnswer } from './ports/answer-keeper.js';
import type { ToldPath } from './ports/offered-paths.js';

const row = (id: number): ToldPath => ({
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
  offeredAt: 0,
});
const nix = { id: 1, slug: 'nix' };

let rows: Map<string, ToldPath>;
let held: Map<string, HeldAnswer<string>>;
let keeps: number;
let lookups: number;
let rendered: number;
let down: boolean;
let waiting: Promise<void> | null;
let answers: NarinfoAnswers<string>;
const ask = (hashPart: string): Promise<string | null> => answers.ask({ store: nix, hashPart });

const keeper: AnswerKeeper<string> = {
  find: async ({ store, hashPart }) => held.get(`${store.id}/${hashPart}`) ?? null,
  keep: ({ store, hashPart }, answer) => {
    keeps += 1;
    held.set(`${store.id}/${hashPart}`, answer);
  },
  forget: ({ store, hashPart }) => void held.delete(`${store.id}/${hashPart}`),
  forgetStore: () => held.clear(),
  doubtAll: () => {
    for (const [key, answer] of held) held.set(key, { ...answer, fresh: false });
  },
};

beforeEach(() => {
  rows = new Map([
    ['a', row(1)],
    ['b', row(2)],
  ]);
  held = new Map();
  [keeps, lookups, rendered, down, waiting] = [0, 0, 0, false, null];
  answers = new NarinfoAnswers({
    offered: {
      async lookup(_store, hashPart) {
        lookups += 1;
        if (down) throw new FarmFault('database-unavailable', 'gone');
        const found = rows.get(hashPart) ?? null;
        await waiting;
        return found;
      },
    },
    render: (offered) => {
      rendered += 1;
      return `narinfo of ${offered.path}`;
    },
    keeper,
  });
  answers.hearing(true);
});

describe('narinfo answers', () => {
  it('are asked of the truth once, and made once', async () => {
    expect([await ask('a'), await ask('a')]).toEqual(Array(2).fill('narinfo of path-1'));
    expect({ lookups, rendered }).toEqual({ lookups: 1, rendered: 1 });
  });

  it('are never misses that were remembered', async () => {
    expect(await ask('new')).toBeNull();
    rows.set('new', row(9));
    expect(await ask('new')).toBe('narinfo of path-9');
  });

  it('follow what is told of a path, or of all paths of its store', async () => {
    await ask('a');
    rows.set('a', row(7));
    answers.changed(1, ['a']);
    expect(await ask('a')).toBe('narinfo of path-7');
    rows.delete('a');
    answers.changed(1, null);
    expect(await ask('a')).toBeNull();
  });

  it('that were looked up while their path changed are not held', async () => {
    let go = (): void => undefined;
    for (const told of [['a'], null]) {
      waiting = new Promise((resolve) => (go = resolve));
      const early = ask('a');
      await Promise.resolve();
      rows.delete('a');
      answers.changed(1, told);
      const late = ask('a');
      go();
      expect([await early, await late]).toEqual(['narinfo of path-1', null]);
      expect([keeps, held.size]).toEqual([0, 0]);
      rows.set('a', row(1));
    }
  });

  it('are looked up once for all who ask at the same time', async () => {
    await Promise.all([ask('a'), ask('a'), ask('a'), ask('missing'), ask('missing')]);
    expect(lookups).toBe(2);
  });

  it('are asked anew each time while nobody tells of changes, but not made anew', async () => {
    await ask('a');
    answers.hearing(false);
    await ask('a');
    await ask('a');
    expect({ lookups, rendered }).toEqual({ lookups: 3, rendered: 1 });
    answers.hearing(true);
    await ask('a');
    await ask('a');
    expect({ lookups, rendered }).toEqual({ lookups: 4, rendered: 1 });
    rows.set('a', row(8));
    answers.hearing(true);
    expect(await ask('a')).toBe('narinfo of path-8');
  });

  it('that were looked up while the news broke are asked again', async () => {
    let go = (): void => undefined;
    waiting = new Promise((resolve) => (go = resolve));
    const early = ask('a');
    await Promise.resolve();
    answers.hearing(false);
    answers.hearing(true);
    go();
    await early;
    await ask('a');
    expect(lookups).toBe(2);
  });

  it('stand while the truth does not answer, and nothing is invented', async () => {
    await ask('a');
    answers.hearing(false);
    down = true;
    expect(await ask('a')).toBe('narinfo of path-1');
    await expect(ask('b')).rejects.toMatchObject({ code: 'database-unavailable' });
  });
});
