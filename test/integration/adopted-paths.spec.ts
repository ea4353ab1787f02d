/** What stores of one directory take over from each other at ingest, on real Postgres. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from '#adapters/postgres/database.js';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import { PostgresStoreRegistry } from '#adapters/postgres/store-registry.js';
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type { IngestDerivation } from '#application/ports/ingest-store.js';
import { id, type EvaluationId, type Fence } from '#domain/ids.js';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '#testkit/postgres.js';

let postgres: TestPostgres;
let fresh: TestDatabase;
let database: Database;
let ingest: PostgresIngestStore;
let evaluations = 0;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(() => postgres?.stop());

beforeEach(async () => {
  fresh = await postgres.freshDatabase();
  database = new Database(fresh.url, 4);
  ingest = new PostgresIngestStore(database);
  await new PostgresStoreRegistry(database).ensureUntrusted({
    ...{ slug: 'nix-untrusted', dir: '/nix/store' },
  });
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

const drv = (name: string): string => `${name.repeat(32)}-${name}.drv`;
const out = (name: string): string => `${name.repeat(31)}0-${name}`;
const source = `${'s'.repeat(32)}-source`;

/** `b` is built from `a` and a source, `c` from `b`. */
const chain: IngestDerivation[] = ['a', 'b', 'c'].map((name, at) => ({
  ...{ path: drv(name), name, packageName: name, system: 'x86_64-linux', fixedOutput: false },
  ...{ requiredFeatures: [], outputs: [{ name: 'out', path: out(name) }] },
  inputs: at === 0 ? [] : [drv(['a', 'b'][at - 1]!)],
  sources: name === 'b' ? [source] : [],
}));

/** What became of the builds of the chain in a store, by name. */
async function registered(slug: string, sourceHash = 'source'): Promise<Record<string, string>> {
  await offer(slug, source, { origin: 'source', attempt: null, hash: sourceHash });
  evaluations += 1;
  const fence = String(evaluations).padStart(16, '0') as Fence;
  const rows = await database.query<{ id: number }>(
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
                              trigger, status, lease_fence)
     select id, 1, 'x', $1, 'poll', 'started', $2 from specifications returning id`,
    [evaluations, fence],
  );
  const lease: EvaluationLease = { evaluation: id<EvaluationId>(rows[0]!.id), fence };
  await database.query('select ensure_evaluation_partitions($1)', [lease.evaluation]);
  const limits = { timeoutSeconds: 9, maxSilentSeconds: 9 };
  await ingest.ingest(lease, {
    ...{ storeSlug: slug, pack: null, limits, priority: 5, derivations: chain, jobs: [] },
  });
  const builds = await database.query<{ name: string; status: string }>(
    `select d.name, b.status from builds b join derivations d on d.id = b.id
       join stores s on s.id = d.store_id where s.slug = $1 order by 1`,
    [slug],
  );
  return Object.fromEntries(builds.map(({ name, status }) => [name, status]));
}

interface Offered {
  readonly references?: readonly string[];
  readonly hash?: string;
  readonly sandboxed?: boolean;
  readonly origin?: string;
  readonly attempt?: number | null;
}

async function offer(slug: string, path: string, more: Offered = {}): Promise<void> {
  const { references = [], hash = `hash of ${path}`, sandboxed = true } = more;
  const { origin = 'built', attempt = 1 } = more;
  await database.query(
    `with made as (
       insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, sandboxed, origin,
                                attempt_id)
       select id, left($2, 32), $2, $3, 9, $4, $5, $6 from stores where slug = $1 returning id),
     filed as (
       insert into nars (path_id, compression, file_hash, file_size, file_key)
       select id, 'zstd', 'sha256:x', 5, 'x' from made)
     insert into store_path_references (path_id, reference)
     select id, unnest($7::text[]) from made`,
    [slug, path, hash, sandboxed, origin, attempt, references],
  );
}

async function offeredIn(slug: string): Promise<string[]> {
  const rows = await database.query<{ path: string }>(
    `select p.path from store_paths p join stores s on s.id = p.store_id
       join nars n on n.path_id = p.id where s.slug = $1 and p.adopted_from is not null order by 1`,
    [slug],
  );
  return rows.map(({ path }) => path);
}

const nothing = { a: 'scheduled', b: 'scheduled', c: 'scheduled' };

describe('an untrusted evaluation', () => {
  it('takes over what the farm has, with all that it refers to', async () => {
    const library = `${'y'.repeat(32)}-library`;
    await offer('nix', library);
    await offer('nix', out('a'));
    await offer('nix', out('b'), { references: [out('b'), out('a'), library] });
    const builds = await registered('nix-untrusted');
    expect(builds).toEqual({ a: 'succeeded', b: 'succeeded', c: 'scheduled' });
    expect(await offeredIn('nix-untrusted')).toEqual([out('a'), out('b'), library].sort());
    expect(await offeredIn('nix')).toEqual([]);
  });

  it('does not take over half a closure', async () => {
    const library = `${'y'.repeat(32)}-library`;
    await offer('nix', library);
    await offer('nix', out('a'), { references: [library] });
    await database.query('update store_paths set withdrawn_at = now() where path = $1', [library]);
    expect(await registered('nix-untrusted')).toEqual(nothing);
    expect(await offeredIn('nix-untrusted')).toEqual([]);
  });

  it('takes nothing from stores of other directories', async () => {
    await offer('local', out('a'));
    expect(await registered('nix-untrusted')).toEqual(nothing);
  });
});

describe('a trusted evaluation', () => {
  /** Everything was built for an untrusted request. */
  async function builtUntrusted(more: Partial<Record<'a' | 'b' | 'c', Offered>> = {}) {
    await registered('nix-untrusted');
    for (const name of ['a', 'b', 'c'] as const) {
      const references = name === 'c' ? [out('b')] : [];
      await offer('nix-untrusted', out(name), { references, ...more[name] });
    }
  }

  it('takes over what our workers built, closed in, from inputs that it trusts', async () => {
    await builtUntrusted();
    const builds = await registered('nix');
    expect(builds).toEqual({ a: 'succeeded', b: 'succeeded', c: 'succeeded' });
    expect(await offeredIn('nix')).toEqual([out('a'), out('b'), out('c')]);
  });

  it('builds again from where an input is not the one that it trusts', async () => {
    await builtUntrusted();
    const builds = await registered('nix', 'another');
    expect(builds).toEqual({ a: 'succeeded', b: 'scheduled', c: 'scheduled' });
  });

  it('builds again what was pushed, fetched, made in the open, or made of such', async () => {
    for (const doubtful of [
      { origin: 'pushed', attempt: null },
      { origin: 'mirrored', attempt: null },
      { sandboxed: false },
    ]) {
      await builtUntrusted({ a: doubtful });
      expect(await registered('nix')).toEqual(nothing);
      expect(await offeredIn('nix')).toEqual([]);
      await database.query(
        'truncate store_paths, derivations, builds, outputs, derivation_inputs cascade',
      );
      ingest = new PostgresIngestStore(database);
    }
  });

  it('keeps its own where both have it', async () => {
    await builtUntrusted();
    await offer('nix', out('a'), { hash: 'its own' });
    const builds = await registered('nix');
    expect(builds).toEqual({ a: 'succeeded', b: 'scheduled', c: 'scheduled' });
  });
});
