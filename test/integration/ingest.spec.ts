/** Ingest on real Postgres: leases, sharing between evaluators, strange text, size. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from '#adapters/postgres/database.js';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type { IngestBatch, IngestDerivation, IngestJob } from '#application/ports/ingest-store.js';
import { id, type EvaluationId, type Fence } from '#domain/ids.js';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '#testkit/postgres.js';

let postgres: TestPostgres;
let fresh: TestDatabase;
let database: Database;
let store: PostgresIngestStore;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  fresh = await postgres.freshDatabase();
  database = new Database(fresh.url, 6);
  store = new PostgresIngestStore(database);
  await database.execute(`insert into specifications (name, version) values ('demo', 1)`);
  await database.execute(
    `insert into specification_versions (specification_id, version, document)
     select id, 1, '{}' from specifications`,
  );
});

afterEach(async () => {
  await database.close();
  await fresh.drop();
});

async function lease(number = 1): Promise<EvaluationLease> {
  const fence = String(number).padStart(16, '0') as Fence;
  const rows = await database.query<{ id: number }>(
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
                              trigger, status, lease_fence)
     select id, 1, 'x', $1, 'poll', 'started', $2 from specifications returning id`,
    [number, fence],
  );
  const evaluation = id<EvaluationId>(rows[0]!.id);
  await database.query('select ensure_evaluation_partitions($1)', [evaluation]);
  return { evaluation, fence };
}

function pathOf(i: number): string {
  return `${String(i).padStart(32, '0')}-package-${i}-1.0.drv`;
}

function derivation(i: number, more: Partial<IngestDerivation> = {}): IngestDerivation {
  return {
    path: pathOf(i),
    name: `package-${i}-1.0`,
    packageName: `package-${i}`,
    system: 'x86_64-linux',
    requiredFeatures: [],
    fixedOutput: false,
    outputs: [{ name: 'out', path: `${String(i).padStart(32, '1')}-package-${i}-1.0` }],
    inputs: i === 0 ? [] : [...new Set([i >> 1, i - 1].filter((n) => n < i))].map(pathOf),
    ...more,
  };
}

function batch(from: number, to: number, more: Partial<IngestBatch> = {}): IngestBatch {
  return {
    storeSlug: 'nix',
    pack: null,
    limits: { timeoutSeconds: 100, maxSilentSeconds: 50 },
    priority: 5,
    derivations: Array.from({ length: to - from }, (_, i) => derivation(from + i)),
    jobs: [],
    ...more,
  };
}

function job(i: number, more: Partial<IngestJob> = {}): IngestJob {
  const name = `job-${i}`;
  const derivation = pathOf(i);
  return { name, system: 'x86_64-linux', derivation, error: null, meta: {}, limits: null, ...more };
}

async function countOf(table: string): Promise<number> {
  const [row] = await database.query<{ n: number }>(`select count(*) as n from ${table}`);
  return row?.n ?? 0;
}

describe('ingest', () => {
  it('writes nothing for a lease that is lost or an evaluation that has ended', async () => {
    const held = await lease();
    expect(await store.ingest({ ...held, fence: 'f'.repeat(16) as Fence }, batch(0, 3))).toBeNull();
    await database.execute(`update evaluations set status = 'aborted'`);
    expect(await store.ingest(held, batch(0, 3))).toBeNull();
    expect(await countOf('derivations')).toBe(0);
  });

  it('takes the same graph from two evaluators at once, and writes it once', async () => {
    const leases = [await lease(1), await lease(2)];
    const outcomes = await Promise.all(
      leases.map(async (held) => {
        let fresh = 0;
        for (let at = 0; at < 2000; at += 250) {
          fresh += (await store.ingest(held, batch(at, at + 250)))?.newBuilds ?? NaN;
        }
        return fresh;
      }),
    );
    expect(outcomes.reduce((sum, n) => sum + n, 0)).toBe(2000);
    expect(await countOf('builds')).toBe(2000);
    expect(await countOf('derivation_inputs')).toBe(3996);
  }, 30_000);

  it('refuses a batch whose inputs are not there, as a whole', async () => {
    const held = await lease();
    await expect(store.ingest(held, batch(5, 9))).rejects.toThrow(/before/);
    expect(await countOf('derivations')).toBe(0);
    expect(await countOf('builds')).toBe(0);
  });

  it('keeps text of any kind as it was told, but for NUL', async () => {
    const strange = 'tab\t, line\nbreak, back\\slash, "quotes", {braces}, ünïcødé \u{1F9E5}';
    const held = await lease();
    const features = ['kvm', 'a"b', 'c\\d', 'e,f', '{g}'];
    const one = derivation(0, { packageName: strange, requiredFeatures: features });
    const meta = { description: `${strange}\0`, 'a\0key': ['\ud800', 1, null, { deep: strange }] };
    const jobs = [
      job(0, { name: strange, meta }),
      job(0, { name: 'broken', derivation: null, error: `${strange}\0` }),
    ];
    await store.ingest(held, batch(0, 0, { derivations: [one], jobs }));
    const derivations = await database.query(
      'select package_name, required_features from derivations',
    );
    expect(derivations).toEqual([{ package_name: strange, required_features: features }]);
    const rows = await database.query(
      `select n.name, j.error, j.meta from jobs j
         join job_names n on n.id = j.name_id order by j.id`,
    );
    expect(rows).toEqual([
      {
        name: strange,
        error: null,
        meta: {
          description: `${strange}\uFFFD`,
          'a\uFFFDkey': ['\uFFFD', 1, null, { deep: strange }],
        },
      },
      { name: 'broken', error: `${strange}\uFFFD`, meta: {} },
    ]);
  });

  it('gives a build the longest limits that its jobs wish, also when they come later', async () => {
    const held = await lease();
    const short = { timeoutSeconds: 5, maxSilentSeconds: 2 };
    const long = { timeoutSeconds: 9, maxSilentSeconds: 1 };
    await store.ingest(held, batch(0, 3, { jobs: [job(0, { limits: short })] }));
    await store.ingest(held, batch(3, 6, { jobs: [job(1, { limits: short })] }));
    await store.ingest(held, batch(6, 6, { jobs: [job(1, { name: 'again', limits: long })] }));
    const rows = await database.query(
      'select timeout_seconds as t, max_silent_seconds as s from builds order by id limit 3',
    );
    expect(rows).toEqual([
      { t: 5, s: 2 },
      { t: 9, s: 2 },
      { t: 100, s: 50 },
    ]);
  });

  it('takes ten thousand derivations in seconds, and again in less', async () => {
    const held = await lease();
    const first = await secondsOf(() => store.ingest(held, batch(0, 10_000)));
    const again = await secondsOf(() => store.ingest(held, batch(0, 10_000)));
    expect(await countOf('builds')).toBe(10_000);
    expect(first).toBeLessThan(10);
    expect(again).toBeLessThan(10);
  }, 60_000);
});

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
