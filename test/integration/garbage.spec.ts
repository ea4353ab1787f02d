/** What a collection of garbage lets go and what it keeps, on real Postgres. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { PostgresDiskStore } from '#adapters/postgres/disk-store.js';
import { collectGarbage } from '#application/collect-garbage.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { garbageLoop } from '../../apps/coordinator/garbage-loop.js';
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

  it('lets go empty packs, idle uploads, and pushed logs of what is gone', async () => {
    const { database } = farm;
    await database.execute(
      `insert into derivation_packs (store_id, hash, size, derivation_count, created_at)
       select id, repeat(n, 64), 10, 1, now() - a from stores,
              (values ('a', interval '2 days'), ('b', interval '2 days'), ('c', interval '1 hour'))
                v (n, a) where slug = 'nix'`,
    );
    const evaluation = await farm.evaluation(await farm.specification('demo'), 1);
    await farm.derive('packed', { evaluation, pack: 2 });
    await database.execute(
      `insert into uploads (store_id, path, principal, nar_hash, nar_size, compression, file_hash,
                            file_size, file_key, created_at)
       select 1, 'x', n, 'h', 1, 'zstd', 'f', 5, n, now() - a
         from (values ('old', interval '2 days'), ('new', interval '1 hour')) v (n, a)`,
    );
    await database.execute(
      `insert into pushed_logs (store_id, derivation, hash, size, created_at)
       select s.id, d, 'h', 1, now() - interval '1 year'
         from stores s, unnest('{gone.drv,kept.drv}'::text[]) d where slug = 'nix'`,
    );
    await farm.offer('kept', { deriver: 'kept.drv', days: 1 });
    const { collected } = await farm.collect();
    expect(collected).toMatchObject({ packs: 1, bytes: 15 });
    expect(await farm.condemned()).toEqual([`${'a'.repeat(64)}.pack.zst`, 'old', 'pushed-1']);
  });

  it('drops the partitions that hold nothing but what went', async () => {
    const { database } = farm;
    const specification = await farm.specification('demo', 1);
    const old = await farm.evaluation(specification, 300);
    await farm.derive('old', { evaluation: old });
    await database.execute('alter sequence evaluations_id_seq restart with 300');
    const kept = await farm.evaluation(specification, 200);
    await farm.derive('kept', { evaluation: kept });
    const partitions = async (): Promise<string[]> => {
      const rows = await database.query<{ name: string }>(
        `select inhrelid::regclass::text as name from pg_inherits
          where inhparent in ('jobs'::regclass, 'attempts'::regclass) order by name`,
      );
      return rows.map((row) => row.name);
    };
    expect(await partitions()).toHaveLength(4);
    await farm.collect();
    expect(await farm.derivations()).toEqual(['kept']);
    expect(await partitions()).toEqual(['attempts_from_256', 'jobs_from_256']);
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

describe('the coordinator’s loop', () => {
  it('collects by the clock, once in so many hours, and when a disk is short', async () => {
    const { database } = farm;
    const loop = garbageLoop({ database, hours: 24 });
    const wishers = async (): Promise<string[]> => {
      const rows = await database.query<{ by: string }>(
        'select wished_by as by from collections where finished_at is not null order by id',
      );
      return rows.map((row) => row.by);
    };
    expect(await loop.pass(() => true)).toEqual([]);
    expect(await wishers()).toEqual([]);
    await farm.evaluation(await farm.specification('demo'), 100);
    await farm.offer('stale');
    expect(await loop.pass(() => true)).toEqual([
      'collection of garbage 1 let go 0 evaluations, 0 derivations, 1 paths, 100 bytes',
    ]);
    await loop.pass(() => true);
    expect(await wishers()).toEqual(['clock']);
    const disk = { name: 'one', place: 'nars', freeBytes: 1, totalBytes: 2 } as const;
    await new PostgresDiskStore(database).tell({ ...disk, level: 'soft' });
    await loop.pass(() => true);
    await loop.pass(() => true);
    expect(await wishers()).toEqual(['clock', 'disk']);
  });
});
