/** Evaluations with the local backend, or a scripted one, on real Postgres. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalEvaluationBackend } from '#adapters/backends/local/evaluation-backend.js';
import { GitChannels } from '#adapters/git/git-channels.js';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { PostgresPollStore } from '#adapters/postgres/channel-store.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresEvaluationLeases } from '#adapters/postgres/evaluation-store.js';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import { PostgresSpecificationStore } from '#adapters/postgres/specification-store.js';
import { BackendDerivationFiles } from '#adapters/system/derivation-files.js';
import { DiskEvaluationRooms } from '#adapters/system/evaluation-rooms.js';
import { pollChannels } from '#application/poll-channels.js';
import type { EvaluationBackend } from '#application/ports/backend.js';
import { nobodyToAsk } from '#application/evaluation-fates.js';
import type { EvaluationOutcome, EvaluationParts } from '#application/run-evaluation.js';
import { runEvaluation } from '#application/run-evaluation.js';
import type { OfferedSource, SubstituteUploads } from '#application/ports/substitutes.js';
import type { EvaluationId } from '#domain/ids.js';
import type { Specification } from '#domain/specification/specification.js';
import { never, type Cancellation } from '#std/cancellation.js';
import { encodePack, type PackedDerivation } from '#formats/derivation-pack.js';
import { sha256, toHex } from '#formats/hash.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '#testkit/postgres.js';
import { ScenarioChannel, type Recipe } from '#testkit/scenario-channel.js';

let postgres: TestPostgres;
let fresh: TestDatabase;
let database: Database;
let specifications: PostgresSpecificationStore;
let root: string;
let upstream: ScenarioChannel;
let bus: FakeBus;
let uploads: RecordingUploads;
let logs: DiskLogStore;
let backend: LocalEvaluationBackend;
let leases: PostgresEvaluationLeases;
let parts: EvaluationParts;

/** Keeps what came up, and writes the row of a pack as the substituter does. */
class RecordingUploads implements SubstituteUploads {
  readonly packs: (readonly PackedDerivation[])[] = [];
  readonly offered: OfferedSource[] = [];
  /** Runs before each pack is taken. */
  beforePack: (count: number) => void = () => undefined;

  async isOffered(_slug: string, path: string): Promise<boolean> {
    return this.offered.some((source) => source.path === path);
  }

  async putNar(upload: { nar: AsyncIterable<Uint8Array>; narHash?: string }) {
    let narSize = 0;
    for await (const bytes of upload.nar) narSize += bytes.length;
    return { narHash: upload.narHash ?? '', narSize };
  }

  async offer(_slug: string, source: OfferedSource): Promise<void> {
    this.offered.push(source);
  }

  async putPack(slug: string, files: readonly PackedDerivation[]): Promise<{ pack: string }> {
    this.beforePack(this.packs.length);
    this.packs.push(files);
    const rows = await database.query<{ id: number }>(
      `insert into derivation_packs (store_id, hash, size, derivation_count)
       select id, $2, 0, $3 from stores where slug = $1
       on conflict (store_id, hash) do update set size = excluded.size returning id`,
      [slug, toHex(sha256(encodePack(files))), files.length],
    );
    return { pack: String(rows[0]?.id) };
  }
}

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  fresh = await postgres.freshDatabase();
  database = new Database(fresh.url, 4);
  specifications = new PostgresSpecificationStore(fresh.url);
  root = await mkdtemp(join(tmpdir(), 'gambeson-evaluation-'));
  upstream = await ScenarioChannel.create(join(root, 'upstream'));
  bus = new FakeBus();
  uploads = new RecordingUploads();
  logs = new DiskLogStore(join(root, 'logs'));
  backend = new LocalEvaluationBackend({ root: join(root, 'store') });
  leases = new PostgresEvaluationLeases(database);
  parts = partsWith(backend);
});

afterEach(async () => {
  await logs.close();
  await specifications.close();
  await database.close();
  await fresh.drop();
  await rm(root, { recursive: true, force: true });
});

function partsWith(reader: EvaluationBackend): EvaluationParts {
  const files = new BackendDerivationFiles(reader, '/gambeson/store');
  return {
    leases,
    ingest: new PostgresIngestStore(database),
    source: new GitChannels({ directory: join(root, 'mirrors') }),
    rooms: new DiskEvaluationRooms(join(root, 'rooms')),
    uploads,
    logs,
    bus,
    backends: new Map([['local', { backend: reader, openFiles: () => files }]]),
    upstreams: nobodyToAsk,
    limits: { timeoutSeconds: 60, memoryBytes: 1 << 30 },
    now: () => performance.now(),
  };
}

const recipes: Recipe[] = [
  { name: 'tool', script: 'mkdir $out' },
  { name: 'library-1.2', script: 'mkdir $out', inputs: ['tool'] },
  { name: 'app', script: 'mkdir $out', inputs: ['library-1.2', 'tool'], timeoutSeconds: 9 },
  { name: 'kvm', script: 'mkdir $out', inputs: ['app'], requiredFeatures: ['kvm'] },
];

/** Commits, polls, and answers the evaluation that the poll has started. */
async function start(
  commit: readonly Recipe[],
  more: Partial<Specification> = {},
): Promise<EvaluationId> {
  await upstream.commitRecipes(commit);
  const saved = await specifications.save(
    {
      name: 'demo',
      backend: 'local',
      channels: [{ name: 'pkgs', url: upstream.url, branch: 'main' }],
      selection: { file: 'farm.json' },
      systems: ['x86_64-linux'],
      priority: 9,
      period: 300,
      share: 100,
      limits: {},
      active: true,
      ...more,
    },
    null,
  );
  if (!saved.ok) throw new Error('not saved');
  const store = new PostgresPollStore(database);
  const polled = await pollChannels(
    {
      store,
      source: parts.source as GitChannels,
      bus,
      digest: (t) => toHex(sha256(Buffer.from(t))),
      pollSeconds: 300,
    },
    { specification: saved.value.id, trigger: 'hook' },
    never,
  );
  if (polled.kind !== 'started') throw new Error(`poll: ${JSON.stringify(polled)}`);
  return polled.evaluation;
}

async function read(
  with_: EvaluationParts = parts,
  cancellation: Cancellation = never,
): Promise<EvaluationOutcome> {
  const claimed = await leases.claim('test', 60);
  if (!claimed) throw new Error('nothing to claim');
  return runEvaluation(with_, claimed, cancellation);
}

async function builds() {
  const rows = await database.query(
    `select d.package_name as name, b.* from builds b join derivations d using (id) order by b.id`,
  );
  return new Map(rows.map((row) => [row['name'] as string, row as Record<string, unknown>]));
}

async function evaluation(id: EvaluationId) {
  const [row] = await database.query('select * from evaluations where id = $1', [id]);
  return row;
}

async function setStatus(name: string, status: string, propagated = true): Promise<void> {
  await database.execute(
    `update builds set status = $2, failure_propagated = $3
      where id = (select id from derivations where package_name = $1)`,
    [name, status, propagated],
  );
}

describe('an evaluation', () => {
  it('makes a build for every derivation, its edges, and a job for every name', async () => {
    const id = await start(recipes);
    expect(await read()).toMatchObject({ status: 'succeeded' });
    const made = await builds();
    expect([...made.keys()].sort()).toEqual(['app', 'kvm', 'library', 'tool']);
    expect(made.get('app')).toMatchObject({ status: 'scheduled', timeout_seconds: 9 });
    expect(made.get('tool')).toMatchObject({ timeout_seconds: 6 * 3600, priority: 9 });
    const edges = await database.query(
      `select d.package_name as of, i.package_name as input from derivation_inputs e
         join derivations d on d.id = e.derivation_id join derivations i on i.id = e.input_id
        order by 1, 2`,
    );
    expect(edges.map((edge) => `${edge['of']} needs ${edge['input']}`)).toEqual([
      ...['app needs library', 'app needs tool', 'kvm needs app', 'library needs tool'],
    ]);
    expect(await evaluation(id)).toMatchObject({
      ...{ status: 'succeeded', job_count: 4, error_count: 0 },
      ...{ derivation_count: 4, new_build_count: 4, lease_fence: null },
    });
    const [features] = await database.query(
      `select required_features from derivations where package_name = 'kvm'`,
    );
    expect(features).toEqual({ required_features: ['kvm'] });
    expect(bus.wire.said.map((said) => said.topic)).toContain('planner');
    expect(await logs.size(`evaluation-${id}`)).toBeGreaterThan(0);
    expect(await readdir(join(root, 'rooms'))).toEqual([]);
  });

  it('writes nothing again but jobs when all is known', async () => {
    await start(recipes);
    await read();
    const packs = uploads.packs.length;
    const id = await start(recipes, { share: 7 });
    expect(await read()).toMatchObject({ status: 'succeeded' });
    expect(uploads.packs).toHaveLength(packs);
    expect(await evaluation(id)).toMatchObject({ job_count: 4, new_build_count: 0 });
    expect((await builds()).get('app')).toMatchObject({ timeout_seconds: 9, generation: 0 });
  });

  it('adds only what a commit has changed', async () => {
    await start(recipes);
    await read();
    const changed = recipes.map((r) => (r.name === 'app' ? { ...r, script: 'mkdir $out # 2' } : r));
    const id = await start(changed);
    await read();
    expect(await evaluation(id)).toMatchObject({ job_count: 4, new_build_count: 2 });
  });

  it('shares builds with another specification, under the more urgent wish', async () => {
    await start(recipes);
    await read();
    await start(recipes, { name: 'other', priority: 2, limits: { timeoutSeconds: 40_000 } });
    await read();
    const made = await builds();
    expect(made.size).toBe(4);
    expect(made.get('tool')).toMatchObject({ priority: 2, timeout_seconds: 40_000 });
    expect(await database.query('select 1 from jobs')).toHaveLength(8);
  });

  it('schedules again what was canceled or the farm failed, and leaves what failed', async () => {
    await start(recipes);
    await read();
    await setStatus('tool', 'failed-other');
    await setStatus('library', 'failed-dependency');
    await setStatus('app', 'failed');
    await setStatus('kvm', 'failed-dependency');
    await start(recipes, { share: 7 });
    await read();
    const made = await builds();
    expect([...made.values()].map((build) => `${build['name']} ${build['status']}`).sort()).toEqual(
      [...['app failed', 'kvm failed-dependency', 'library scheduled', 'tool scheduled']],
    );
    expect(made.get('tool')).toMatchObject({ generation: 1, ended_at: null });
  });

  it('has a failure told on to a new build whose input failed before', async () => {
    await start(recipes.slice(0, 2));
    await read();
    await setStatus('tool', 'failed');
    await setStatus('library', 'failed-dependency');
    await start(recipes.slice(0, 3));
    await read();
    const made = await builds();
    expect(made.get('app')).toMatchObject({ status: 'scheduled' });
    expect(made.get('tool')).toMatchObject({ failure_propagated: false });
    expect(bus.wire.said.map((said) => said.topic)).toContain('failures');
  });

  it('counts a build whose outputs are offered already as succeeded', async () => {
    await start(recipes);
    await read();
    await database.execute(
      `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
       select o.store_id, left(o.path, 32), o.path, 'sha256:x', 1
         from outputs o join derivations d on d.id = o.derivation_id where d.package_name = 'tool'`,
    );
    for (const table of ['derivations', 'builds', 'outputs', 'derivation_inputs', 'jobs']) {
      await database.execute(`delete from ${table}`);
    }
    await start(recipes, { share: 7 });
    await read();
    const made = await builds();
    // By the database's clock, as when it was scheduled.
    const { scheduled_at: at } = made.get('tool')!;
    expect(made.get('tool')).toMatchObject({ status: 'succeeded', ended_at: at });
    expect(made.get('app')).toMatchObject({ status: 'scheduled' });
  });

  it('keeps the error of one job, and of a whole evaluation', async () => {
    const broken = [...recipes, { name: 'bad', script: 'x', inputs: ['nothing'] }];
    const id = await start(broken);
    await read();
    expect(await evaluation(id)).toMatchObject({ error_count: 1, job_count: 5 });
    const told = (): number => bus.wire.said.filter(({ topic }) => topic === 'intents').length;
    expect(told()).toBe(0);
    await upstream.commitFiles({ 'farm.json': 'not json' });
    const failing = await start([], { selection: { file: 'missing.json' } });
    expect(await read()).toMatchObject({ status: 'failed', reason: 'evaluator-failed' });
    expect(await evaluation(failing)).toMatchObject({ status: 'failed' });
    expect(told()).toBe(1);
  });
});

describe('an evaluator that is killed', () => {
  const many: Recipe[] = Array.from({ length: 5000 }, (_, i) => ({
    name: `package-${String(i).padStart(5, '0')}`,
    script: 'mkdir $out',
    inputs: i === 0 ? [] : [`package-${String(i >> 1).padStart(5, '0')}`],
  }));

  it('between two batches leaves an evaluation that another takes up to the same end', async () => {
    const id = await start(many);
    const claimed = await leases.claim('killed', 60);
    uploads.beforePack = (count) => {
      if (count === 3) throw new Error('killed');
    };
    await expect(runEvaluation(parts, claimed!, never)).rejects.toThrow('killed');
    const left = (await database.query('select 1 from builds')).length;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(5000);
    expect(await leases.claim('second', 60)).toBeNull();
    await database.execute('update evaluations set lease_expires_at = now() - interval $$1 s$$');
    uploads.beforePack = () => undefined;
    parts = partsWith(new LocalEvaluationBackend({ root: join(root, 'second-store') }));
    expect(await read(parts)).toMatchObject({ status: 'succeeded' });
    expect(await database.query('select 1 from builds')).toHaveLength(5000);
    expect(await database.query('select 1 from derivation_inputs')).toHaveLength(4999);
    expect(await database.query('select 1 from jobs')).toHaveLength(5000);
    expect(await evaluation(id)).toMatchObject({ job_count: 5000, reads: 2 });
    expect(await runEvaluation(parts, claimed!, never)).toMatchObject({ status: 'left' });
    expect(await database.query('select 1 from jobs')).toHaveLength(5000);
  }, 60_000);

  it('gives an evaluation back at once when it is stopped', async () => {
    await start(many);
    const stop = new AbortController();
    uploads.beforePack = () => stop.abort();
    expect(await read(parts, stop.signal)).toMatchObject({ status: 'left' });
    expect(await leases.claim('second', 60)).toMatchObject({ reads: 2 });
  }, 60_000);
});

describe('a derivation that does not own its paths', () => {
  it('is refused with all that needs it, and the rest goes on', async () => {
    const lying: EvaluationBackend = {
      evaluate: (request, cancellation) => backend.evaluate(request, cancellation),
      pathInfo: (path) => backend.pathInfo(path),
      narOf: (path) => backend.narOf(path),
      async derivation(path) {
        const bytes = await backend.derivation(path);
        if (!path.endsWith('-app.drv')) return bytes;
        const text = Buffer.from(bytes).toString('latin1');
        const own = /"\/gambeson\/store\/([a-z0-9]{32})-app"/.exec(text)?.[1] ?? '';
        return Buffer.from(text.replaceAll(own, '0'.repeat(32)), 'latin1');
      },
    };
    const id = await start(recipes);
    expect(await read(partsWith(lying))).toMatchObject({ status: 'succeeded' });
    expect([...(await builds()).keys()].sort()).toEqual(['library', 'tool']);
    const errors = await database.query<{ name: string; error: string }>(
      `select n.name, j.error from jobs j join job_names n on n.id = j.name_id
        where j.evaluation_id = $1 and j.error is not null order by 1`,
      [id],
    );
    expect(errors.map((row) => row.name)).toEqual(['app', 'kvm']);
    expect(errors[0]?.error).toMatch(/^derivation .*-app\.drv does not own its (output )?path/);
    expect(errors[1]?.error).toContain('does not own its');
  });
});
