/** What a collection of garbage lets go and what it keeps, on real Postgres. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import { collectGarbage } from '#application/collect-garbage.js';
import { id, type EvaluationId, type Fence } from '#domain/ids.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { fileOf, GarbageFarm, hashPart, pathOf } from './garbage-farm.js';

let postgres: TestPostgres;
let farm: GarbageFarm;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(async () => {
  await postgres?.stop();
});
beforeEach(async () => {
  farm = await GarbageFarm.start(postgres);
});
afterEach(async () => {
  await farm.stop();
});

describe('what a collection keeps', () => {
  it('is what the last good evaluations lead to, with what that refers to', async () => {
    const specification = await farm.specification('demo', 1);
    const old = await farm.evaluation(specification, 300);
    const last = await farm.evaluation(specification, 200);
    await farm.offer('libc');
    await farm.offer('compiler', { references: ['libc', 'compiler'] });
    await farm.offer('script', { deriver: null });
    await farm.offer('hello', { references: ['libc'] });
    await farm.offer('gone', { references: ['hello'] });
    await farm.offer('old-script', { deriver: null });
    const compiler = await farm.derive('compiler', {
      ...{ evaluation: old, outputs: ['compiler'], job: false },
    });
    const hello = await farm.derive('hello', {
      ...{ evaluation: last, inputs: [compiler], outputs: ['hello'], sources: ['script'] },
    });
    await farm.derive('gone', {
      ...{ evaluation: old, inputs: [hello], outputs: ['gone'], sources: ['old-script'] },
    });
    const { collected, fault } = await farm.collect();
    expect(fault).toBeNull();
    expect(await farm.offered()).toEqual(['compiler', 'hello', 'libc', 'script']);
    expect(await farm.derivations()).toEqual(['compiler', 'hello']);
    expect(collected).toMatchObject({
      ...{ evaluations: 1, derivations: 1, pathsLooked: 6, pathsFound: 2, paths: 2, bytes: 200 },
      ...{ logs: 2 },
    });
    const condemned = await farm.condemned();
    expect(condemned).toHaveLength(4);
    expect(condemned).toEqual(expect.arrayContaining([fileOf('gone'), `evaluation-${old}`]));
    expect(await farm.collect()).toMatchObject({ collected: { paths: 0, derivations: 0 } });
  });

  it('is what was offered or read while the promise lasts, with its closure', async () => {
    await farm.offer('base');
    await farm.offer('fresh', { days: 89, references: ['base'] });
    await farm.offer('read', { days: 400, readDays: 3 });
    await farm.offer('stale', { days: 91, references: ['base'] });
    await farm.collect();
    expect(await farm.offered()).toEqual(['base', 'fresh', 'read']);
  });

  it('is what is pinned or released, until that expires', async () => {
    const { database } = farm;
    const specification = await farm.specification('demo', 1);
    const released = await farm.evaluation(specification, 300);
    await farm.evaluation(specification, 200);
    await farm.offer('released');
    await farm.offer('pinned');
    await farm.offer('tool');
    const tool = await farm.derive('tool', { evaluation: released, outputs: ['tool'], job: false });
    await farm.derive('released', { evaluation: released, outputs: ['released'] });
    await farm.derive('pinned', {
      ...{ evaluation: released, outputs: ['pinned'], inputs: [tool], job: false },
    });
    await database.execute(`insert into releases (name, evaluation_id) values ('r', $1)`, [
      released,
    ]);
    await database.execute(
      `insert into pins (store_id, path) select id, $1 from stores where slug = 'nix'`,
      [pathOf('pinned')],
    );
    await farm.collect();
    expect(await farm.offered()).toEqual(['pinned', 'released', 'tool']);
    await database.execute('update releases set expires_at = now()');
    await farm.collect();
    expect(await farm.offered()).toEqual(['pinned', 'tool']);
    expect(await farm.derivations()).toEqual(['pinned', 'tool']);
    await database.execute('update pins set expires_at = now()');
    await farm.collect();
    expect(await farm.offered()).toEqual([]);
    expect(await farm.derivations()).toEqual([]);
  });

  it('is every source of a store in which the sources of some derivation are unknown', async () => {
    const evaluation = await farm.evaluation(await farm.specification('demo'), 1);
    await farm.offer('script', { deriver: null });
    await farm.derive('older', { evaluation, sources: null });
    await farm.collect();
    expect(await farm.offered()).toEqual(['script']);
  });

  it('is a build that is not finished, though its evaluation was canceled', async () => {
    const specification = await farm.specification('demo', 1);
    const old = await farm.evaluation(specification, 300);
    await farm.evaluation(specification, 1);
    await farm.database.execute('update evaluations set canceled_at = now() where id = $1', [old]);
    await farm.offer('input');
    const input = await farm.derive('input', { evaluation: old, outputs: ['input'], job: false });
    await farm.derive('late', { evaluation: old, inputs: [input], status: 'scheduled' });
    await farm.collect();
    expect(await farm.derivations()).toEqual(['input', 'late']);
    expect(await farm.offered()).toEqual(['input']);
  });
});

describe('a collection', () => {
  it('says in a dry run what would go, and lets nothing go', async () => {
    const specification = await farm.specification('demo', 1);
    const old = await farm.evaluation(specification, 300);
    await farm.evaluation(specification, 200);
    await farm.offer('one', { size: 10 });
    await farm.offer('two', { size: 20, references: ['one'] });
    await farm.derive('one', { evaluation: old, outputs: ['one'] });
    const told = await farm.collect(true);
    expect(told.collected).toMatchObject({ evaluations: 1, derivations: 1, paths: 2, bytes: 30 });
    expect(await farm.offered()).toEqual(['one', 'two']);
    expect(await farm.derivations()).toEqual(['one']);
    expect(await farm.condemned()).toEqual([]);
    const done = await farm.collect();
    expect(done.collected).toMatchObject({ evaluations: 1, derivations: 1, paths: 2, bytes: 30 });
  });

  it('ends when enough is freed, the longest unused first', async () => {
    await farm.offer('a', { days: 300 });
    await farm.offer('b', { days: 200 });
    await farm.offer('c', { days: 100, references: ['a'] });
    await farm.offer('d', { days: 250 });
    const parts = farm.parts();
    await farm.wish(true, 150);
    expect((await collectGarbage(parts))?.collected).toMatchObject({ paths: 2, bytes: 200 });
  });

  it('condemns a file only with the last path that it belongs to', async () => {
    await farm.offer('one', { file: 'same' });
    await farm.offer('two', { file: 'same', days: 1 });
    await farm.collect();
    expect(await farm.offered()).toEqual(['two']);
    expect(await farm.condemned()).toEqual([]);
    await farm.database.execute(`update store_paths set offered_at = now() - interval '1 year'`);
    const { collected } = await farm.collect();
    expect(collected).toMatchObject({ paths: 1, bytes: 100 });
    expect(await farm.condemned()).toEqual([fileOf('same')]);
  });

  it('tells every substituter to forget what went', async () => {
    await farm.offer('one');
    const listener = new pg.Client({ connectionString: farm.database.url });
    await listener.connect();
    try {
      const heard = new Promise<string>((resolve) => {
        listener.on('notification', ({ payload }) => resolve(payload ?? ''));
      });
      await listener.query('listen substitutes');
      await farm.collect();
      expect(JSON.parse(await heard)).toMatchObject({ parts: [hashPart('one')] });
    } finally {
      await listener.end();
    }
  });

  it('is taken up where it was left by a coordinator that stopped', async () => {
    for (let n = 0; n < 30; n += 1) await farm.offer(`p${n}`);
    await farm.wish();
    let asked = 0;
    expect(await collectGarbage(farm.parts(), () => (asked += 1) < 2)).toBeNull();
    expect(await collectGarbage(farm.parts())).toMatchObject({ fault: null });
    expect(await farm.offered()).toEqual([]);
    expect(await collectGarbage(farm.parts())).toBeNull();
  });
});

describe('beside a collection', () => {
  it('a path that is being referred to stays, and nobody is held up', async () => {
    const base = await farm.offer('base');
    const offering = new pg.Client({ connectionString: farm.database.url });
    await offering.connect();
    try {
      await offering.query('begin');
      await offering.query('select 1 from store_paths where id = $1 for key share', [base]);
      const during = await farm.collect();
      expect(during.collected).toMatchObject({ pathsFound: 1, paths: 0 });
      await offering.query(
        `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
         select store_id, $1, $2, 'sha256:y', 1 from store_paths where id = $3`,
        [hashPart('user'), pathOf('user'), base],
      );
      await offering.query(
        `insert into store_path_references select id, $1 from store_paths where path = $2`,
        [pathOf('base'), pathOf('user')],
      );
      await offering.query('commit');
    } finally {
      await offering.end();
    }
    await farm.collect();
    expect(await farm.offered()).toEqual(['base', 'user']);
  });

  it('what is read, pinned or wanted after the look stays', async () => {
    const { database } = farm;
    const ids = [];
    for (const name of ['read', 'pinned', 'wanted', 'source', 'idle']) {
      ids.push(await farm.offer(name, { deriver: name === 'source' ? null : 'x.drv' }));
    }
    const session = await farm.parts().garbage.open(false);
    try {
      const { candidates } = await session.lookAtPaths(null);
      expect(candidates).toHaveLength(5);
      await database.execute('update store_paths set read_at = now() where id = $1', [ids[0]]);
      await database.execute(
        'insert into pins (store_id, path) select store_id, path from store_paths where id = $1',
        [ids[1]],
      );
      const evaluation = await farm.evaluation(await farm.specification('demo'), null);
      await farm.derive('new', { evaluation, outputs: ['wanted'], sources: ['source'] });
      expect(await session.removePaths(ids)).toEqual({ paths: 1, bytes: 100 });
    } finally {
      await session.close();
    }
    expect(await farm.offered()).toEqual(['pinned', 'read', 'source', 'wanted']);
  });

  it('an evaluation under way keeps what it was told to be known', async () => {
    const specification = await farm.specification('demo', 1);
    const old = await farm.evaluation(specification, 300);
    await farm.evaluation(specification, 200);
    const input = await farm.derive('input', { evaluation: old, job: false });
    await farm.derive('tool', { evaluation: old, inputs: [input] });
    const reading = await farm.evaluation(specification, null);
    const ingest = new PostgresIngestStore(farm.database);
    const full = ['input', 'tool'].map((name) => `${pathOf(name)}.drv`);
    expect(await ingest.known('nix', full)).toEqual(new Set(full));
    await farm.collect();
    expect(await farm.derivations()).toEqual(['input', 'tool']);
    // Whoever begins now registers them anew.
    expect(await ingest.known('nix', full)).toEqual(new Set());
    await farm.job(reading, 'named at last', input);
    await farm.database.execute(
      `update evaluations set status = 'succeeded', ended_at = now() where id = $1`,
      [reading],
    );
    await farm.collect();
    expect(await farm.derivations()).toEqual(['input']);
    expect(await ingest.known('nix', full)).toEqual(new Set([full[0]]));
  });

  it('a batch lifts what it needs, and asks again for a source that went', async () => {
    const specification = await farm.specification('demo', 1);
    const old = await farm.evaluation(specification, 300);
    await farm.derive('tool', { evaluation: old });
    await farm.evaluation(specification, 200);
    const evaluation = await farm.evaluation(specification, null);
    await farm.collect();
    const fence = 'a'.repeat(16) as Fence;
    await farm.database.execute('update evaluations set lease_fence = $1 where id = $2', [
      fence,
      evaluation,
    ]);
    const ingest = new PostgresIngestStore(farm.database);
    const tool = `${hashPart('tool')}-tool.drv`;
    const derivation = {
      ...{ path: `${hashPart('new')}-new.drv`, name: 'new', packageName: 'new', system: 's' },
      ...{ requiredFeatures: [], fixedOutput: false, outputs: [], inputs: [tool] },
      sources: [pathOf('script')],
    };
    const batch = {
      ...{ storeSlug: 'nix', pack: null, priority: 5, jobs: [], derivations: [derivation] },
      limits: { timeoutSeconds: 1, maxSilentSeconds: 1 },
    };
    const lease = { evaluation: id<EvaluationId>(evaluation), fence };
    await expect(ingest.ingest(lease, batch)).rejects.toThrow(/script is not offered/);
    expect(await ingest.known('nix', [tool])).toEqual(new Set());
    await farm.offer('script', { deriver: null });
    await ingest.ingest(lease, batch);
    expect(await ingest.known('nix', [tool])).toEqual(new Set([tool]));
    await farm.database.execute(`update evaluations set status = 'succeeded', ended_at = now()`);
    await farm.job(evaluation, 'new', 2);
    await farm.collect();
    expect(await farm.derivations()).toEqual(['new', 'tool']);
    expect(await farm.offered()).toEqual(['script']);
  });
});

describe('of any farm', () => {
  const runs = process.env['GAMBESON_TEST_FULL'] === '1' ? 150 : 8;

  interface Row {
    readonly isRoot: boolean;
    readonly isFresh: boolean;
    readonly needs: readonly number[];
  }
  const anyFarm = fc.array(
    fc.record({
      isRoot: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      isFresh: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      needs: fc.array(fc.nat(24), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 25 },
  );

  function closure(rows: readonly Row[], from: (row: Row, at: number) => boolean): Set<number> {
    const reached = new Set<number>();
    const stack = rows.flatMap((row, at) => (from(row, at) ? [at] : []));
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (reached.has(at)) continue;
      reached.add(at);
      stack.push(...rows[at]!.needs.filter((need) => need < at!));
    }
    return reached;
  }

  /** Derivation n yields path n, which refers to the paths of its inputs. */
  it('exactly what nothing leads to goes, and no closure is broken', async () => {
    await fc.assert(
      fc.asyncProperty(anyFarm, async (rows) => {
        const own = await GarbageFarm.start(postgres);
        try {
          const specification = await own.specification('demo', 1);
          const old = await own.evaluation(specification, 300);
          const last = await own.evaluation(specification, 200);
          const ids: number[] = [];
          for (const [at, { isRoot, isFresh, needs }] of rows.entries()) {
            const below = [...new Set(needs.filter((need) => need < at))];
            const references = below.map((need) => `p${need}`);
            await own.offer(`p${at}`, { references, days: isFresh ? 1 : 300 });
            const inputs = below.map((need) => ids[need]!);
            const outputs = [`p${at}`];
            ids.push(
              await own.derive(`p${at}`, { evaluation: isRoot ? last : old, inputs, outputs }),
            );
          }
          await own.collect();
          const names = (kept: Set<number>): string[] => [...kept].map((at) => `p${at}`).sort();
          const derivations = closure(rows, (row) => row.isRoot);
          expect((await own.derivations()).sort()).toEqual(names(derivations));
          const paths = closure(rows, (row, at) => row.isFresh || derivations.has(at));
          expect((await own.offered()).sort()).toEqual(names(paths));
        } finally {
          await own.stop();
        }
      }),
      { numRuns: runs },
    );
  }, 240_000);
});
