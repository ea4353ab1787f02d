import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CollectionPlan } from './collection-plan.js';
import { removable } from './unreferenced.js';

interface Path {
  readonly id: number;
  readonly lastUsed: number;
  readonly bytes: number;
  /** Kept for its own sake. */
  readonly kept: boolean;
  readonly references: readonly number[];
}

const runs = process.env['GAMBESON_TEST_FULL'] === '1' ? 20_000 : 500;

/** A store of paths; `upwards` lets a path refer to one that was offered after it. */
const anyStore = (upwards: boolean): fc.Arbitrary<Path[]> =>
  fc
    .array(
      fc.record({
        lastUsed: fc.nat(50),
        bytes: fc.nat(100),
        kept: fc.boolean(),
        references: fc.array(fc.nat(39), { maxLength: 5 }),
      }),
      { maxLength: 40 },
    )
    .map((rows) =>
      rows.map((row, at) => ({
        ...row,
        id: at + 1,
        references: row.references
          .map((to) => to + 1)
          .filter((to) => to <= rows.length && (upwards || to <= at + 1)),
      })),
    );

function planOf(store: readonly Path[], chunk: number): CollectionPlan {
  const plan = new CollectionPlan();
  const candidates = [...store]
    .reverse()
    .filter((path) => !path.kept)
    .map((path) => ({ ...path, referrers: referrersOf(store, path.id) }));
  for (let at = 0; at < candidates.length; at += chunk) {
    plan.add(candidates.slice(at, at + chunk));
  }
  return plan;
}

function referrersOf(store: readonly Path[], id: number): number[] {
  return store.filter((path) => path.references.includes(id)).map((path) => path.id);
}

function reachable(store: readonly Path[]): Set<number> {
  const reached = new Set<number>();
  const stack = store.filter((path) => path.kept).map((path) => path.id);
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    stack.push(...(store[id - 1]?.references ?? []));
  }
  return reached;
}

describe('a plan of a collection', () => {
  it('lets go exactly what nothing kept leads to', () => {
    fc.assert(
      fc.property(anyStore(false), fc.integer({ min: 1, max: 50 }), (store, chunk) => {
        const going = [...planOf(store, chunk).batches(7)].flat().sort((a, b) => a - b);
        const reached = reachable(store);
        expect(going).toEqual(store.map(({ id }) => id).filter((id) => !reached.has(id)));
      }),
      { numRuns: runs },
    );
  });

  it('never lets go what is reachable, whatever refers to what', () => {
    fc.assert(
      fc.property(anyStore(true), fc.integer({ min: 1, max: 50 }), (store, chunk) => {
        const reached = reachable(store);
        for (const id of [...planOf(store, chunk).batches(7)].flat()) {
          expect(reached.has(id)).toBe(false);
        }
      }),
      { numRuns: runs },
    );
  });

  it('leaves every closure whole wherever it is cut off', () => {
    fc.assert(
      fc.property(anyStore(false), fc.nat(2000), (store, wanted) => {
        const going = [...planOf(store, 10).batches(1, wanted)].flat();
        const left = new Set(store.map(({ id }) => id));
        for (const id of going) {
          left.delete(id);
          for (const referrer of referrersOf(store, id)) {
            expect(left.has(referrer) && referrer !== id).toBe(false);
          }
        }
      }),
      { numRuns: runs },
    );
  });

  it('begins with what is unused for the longest time, together with what refers to it', () => {
    const store: Path[] = [
      { id: 1, lastUsed: 1, bytes: 5, kept: false, references: [] },
      { id: 2, lastUsed: 9, bytes: 5, kept: false, references: [1] },
      { id: 3, lastUsed: 5, bytes: 5, kept: false, references: [3] },
      { id: 4, lastUsed: 3, bytes: 5, kept: false, references: [] },
    ];
    const plan = planOf(store, 10);
    expect([...plan.batches(1)].flat()).toEqual([4, 3, 2, 1]);
    expect([...plan.batches(1, 6)].flat()).toEqual([4, 3]);
    expect({ paths: plan.paths, bytes: plan.bytes }).toEqual({ paths: 4, bytes: 20 });
  });

  it('holds more than its first room', () => {
    const plan = new CollectionPlan();
    const candidates = Array.from({ length: 5000 }, (_, at) => {
      const id = 5000 - at;
      return { id, lastUsed: 1, bytes: 1, referrers: id < 5000 ? [id + 1] : [] };
    });
    expect(plan.add(candidates)).toBe(5000);
    expect([...plan.batches(1000)].map((batch) => batch[0])).toEqual([
      5000, 4000, 3000, 2000, 1000,
    ]);
  });
});

describe('what may be removed of a batch', () => {
  it('is what is referred to by the batch alone, however deep', () => {
    const batch = [
      { id: 1, mayGo: true, referrers: [1, 2] },
      { id: 2, mayGo: true, referrers: [3] },
      { id: 3, mayGo: true, referrers: [] },
      { id: 4, mayGo: true, referrers: [5] },
      { id: 5, mayGo: true, referrers: [6] },
      { id: 6, mayGo: false, referrers: [] },
      { id: 7, mayGo: true, referrers: [99] },
      { id: 8, mayGo: true, referrers: [98] },
    ];
    expect(removable(batch, (id) => id === 98)).toEqual([1, 2, 3, 8]);
  });
});
