/** A collection of garbage beside everything else, and of any farm, on real Postgres. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import { id, type EvaluationId, type Fence } from '#domain/ids.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { GarbageFarm, hashPart, pathOf } from './garbage-farm.js';

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

describe('what was let go', () => {
  it('is built again when an evaluation needs it, unless it is still offered', async () => {
    const specification = await farm.specification('demo', 1);
    const old = await farm.evaluation(specification, 300);
    await farm.evaluation(specification, 200);
    for (const name of ['gone', 'read']) {
      await farm.offer(name, name === 'read' ? { readDays: 1 } : {});
      await farm.derive(name, { evaluation: old, outputs: [name] });
    }
    await farm.collect();
    expect(await farm.derivations()).toEqual([]);
    expect(await farm.offered()).toEqual(['read']);
    const fence = 'b'.repeat(16) as Fence;
    const evaluation = await farm.evaluation(specification, null);
    await farm.database.execute('update evaluations set lease_fence = $1 where id = $2', [
      fence,
      evaluation,
    ]);
    const derivations = ['gone', 'read'].map((name) => ({
      ...{ path: `${pathOf(name)}.drv`, name, packageName: name, system: 's', inputs: [] },
      ...{ requiredFeatures: [], fixedOutput: false, sources: [] },
      outputs: [{ name: 'out', path: pathOf(name) }],
    }));
    const jobs = derivations.map(({ name, path: derivation, system }) => ({
      ...{ name, system, derivation, error: null, meta: {}, limits: null },
    }));
    await new PostgresIngestStore(farm.database).ingest(
      { evaluation: id<EvaluationId>(evaluation), fence },
      {
        ...{ storeSlug: 'nix', pack: null, priority: 5, jobs, derivations },
        limits: { timeoutSeconds: 1, maxSilentSeconds: 1 },
      },
    );
    const builds = await farm.database.query(
      'select d.name, b.status from builds b join derivations d on d.id = b.id order by d.name',
    );
    expect(builds).toEqual([
      { name: 'gone', status: 'scheduled' },
      { name: 'read', status: 'succeeded' },
    ]);
  });
});

describe('of any farm', () => {
  const runs = process.env['GAMBESON_TEST_FULL'] === '1' ? 150 : 4;

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
