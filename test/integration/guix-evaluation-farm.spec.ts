/**
 * A Guix specification from its commits to builds and substitutes: real git and Postgres, our
 * programs under the real Guile, and the stand-in for Guix of test/clients/guix/fake.
 */
import { readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { GitChannels } from '#adapters/git/git-channels.js';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { PostgresPollStore } from '#adapters/postgres/channel-store.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresEvaluationLeases } from '#adapters/postgres/evaluation-store.js';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import { PostgresSpecificationStore } from '#adapters/postgres/specification-store.js';
import { BackendDerivationFiles } from '#adapters/system/derivation-files.js';
import { DiskEvaluationRooms } from '#adapters/system/evaluation-rooms.js';
import { nobodyToAsk } from '#application/evaluation-fates.js';
import { pollChannels } from '#application/poll-channels.js';
import type { OfferedSource, SubstituteUploads } from '#application/ports/substitutes.js';
import { runEvaluation, type EvaluationOutcome } from '#application/run-evaluation.js';
import type { Channel } from '#domain/specification/specification.js';
import { sha256, toHex } from '#formats/hash.js';
import { never } from '#std/cancellation.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '#testkit/postgres.js';
import { ScenarioChannel } from '#testkit/scenario-channel.js';
import { FakeGuix, profile } from '../clients/guix/fake-guix.js';

jest.setTimeout(60_000);

let postgres: TestPostgres;
let fresh: TestDatabase;
let database: Database;
let specifications: PostgresSpecificationStore;
let guix: FakeGuix;
let logs: DiskLogStore;
const upstreams: Record<string, ScenarioChannel> = {};
const offered: { slug: string; source: OfferedSource }[] = [];

const uploads: SubstituteUploads = {
  isOffered: async (_, path) => offered.some(({ source }) => source.path === path),
  async putNar({ nar, narHash = '' }) {
    let narSize = 0;
    for await (const bytes of nar) narSize += bytes.length;
    return { narHash, narSize };
  },
  offer: async (slug, source) => void offered.push({ slug, source }),
  async putPack(slug, files) {
    const [row] = await database.query<{ id: number }>(
      `insert into derivation_packs (store_id, hash, size, derivation_count)
       select id, md5($1::text || $2::int), 0, $2 from stores where slug = $1 returning id`,
      [slug, files.length],
    );
    return { pack: String(row?.id) };
  },
};

const jobs = readFileSync(
  new URL('../fixtures/guix/evaluation/jobs.sexp', import.meta.url),
  'utf8',
);
const ci = `(lambda (store subset system directory)
  (call-with-input-file (string-append (directory 'guix) "/jobs.sexp") read))`;

beforeAll(async () => {
  postgres = await startTestPostgres();
  fresh = await postgres.freshDatabase();
  database = new Database(fresh.url, 4);
  specifications = new PostgresSpecificationStore(fresh.url);
  guix = await FakeGuix.make();
  logs = new DiskLogStore(join(guix.directory, 'logs'));
  for (const name of ['guix', 'mine']) {
    upstreams[name] = await ScenarioChannel.create(join(guix.directory, 'upstream', name));
  }
  await upstreams['guix']!.commitFiles({ 'ci.scm': ci, 'jobs.sexp': jobs });
  await upstreams['mine']!.commitFiles({ 'demo-manifest.scm': '(manifest)' });
}, 60_000);

afterAll(async () => {
  await logs?.close();
  await specifications?.close();
  await database?.close();
  await fresh?.drop();
  await postgres?.stop();
  if (guix) await rm(guix.directory, { recursive: true, force: true });
});

/** Polls a specification of its own, and reads what the poll has started. */
async function evaluate(
  name: string,
  more: Readonly<Record<string, Partial<Channel>>> = {},
): Promise<EvaluationOutcome> {
  const channels = Object.entries(upstreams).map(([channel, { url }]) => {
    return { name: channel, url, branch: 'main', ...more[channel] };
  });
  const selection = { manifests: ['demo-manifest.scm'] };
  const saved = await specifications.save(
    {
      ...{ name, backend: 'guix', channels, selection, systems: ['x86_64-linux'], priority: 9 },
      ...{ period: 0, share: 100, limits: {}, active: true },
    },
    null,
  );
  if (!saved.ok) throw new Error('not saved');
  const source = new GitChannels({ directory: join(guix.directory, 'mirrors') });
  const bus = new FakeBus();
  const digest = (text: string): string => toHex(sha256(Buffer.from(text)));
  const polling = { store: new PostgresPollStore(database), source, bus, digest, pollSeconds: 300 };
  const call = { specification: saved.value.id, trigger: 'hook' } as const;
  const polled = await pollChannels(polling, call, never);
  if (polled.kind !== 'started') throw new Error(`poll: ${JSON.stringify(polled)}`);
  const leases = new PostgresEvaluationLeases(database);
  const claimed = await leases.claim('test', 60);
  if (!claimed) throw new Error('nothing to claim');
  const files = new BackendDerivationFiles(guix.backend, '/gnu/store');
  const parts = {
    ...{ leases, source, bus, uploads, logs, upstreams: nobodyToAsk },
    ingest: new PostgresIngestStore(database),
    rooms: new DiskEvaluationRooms(join(guix.directory, 'rooms')),
    backends: new Map([['guix' as const, { backend: guix.backend, openFiles: () => files }]]),
    limits: { timeoutSeconds: 60, memoryBytes: 2 ** 30 },
    now: () => performance.now(),
  };
  return runEvaluation(parts, claimed, never);
}

describe('a specification of Guix', () => {
  it('becomes builds, and what its reading built becomes substitutes', async () => {
    expect(await evaluate('demo')).toMatchObject({ status: 'succeeded', message: null });
    const rows = await database.query(
      `select n.name, d.path, s.dir, b.status, b.timeout_seconds as timeout
         from jobs j join job_names n on n.id = j.name_id
         join builds b on b.id = j.build_id join derivations d on d.id = b.id
         join stores s on s.id = d.store_id order by n.name`,
    );
    expect(rows).toEqual(
      [
        ['demo-app-1.0', '69s18zd520qdxwr5qn0p82qbpp72byxs-demo-app-1.0.drv'],
        ['demo-fail-1.0', 'd8vpkkpl085agmiwk2kxgkr14dqinknx-demo-fail-1.0.drv'],
        ['demo-lib-1.0', 'dsqqkz4836jz771h756gm0nhh1da35ym-demo-lib-1.0.drv'],
      ].map(([name, path]) => {
        return { name, path, dir: '/gnu/store', status: 'scheduled', timeout: 18_000 };
      }),
    );
    const base = profile.slice('/gnu/store/'.length);
    expect(offered.map(({ slug, source }) => [slug, source.path]).at(-1)).toEqual(['guix', base]);
    const fake = 'ffffffffffffffffffffffffffffffff-fake-guix';
    expect(offered.at(-1)?.source.references).toEqual([fake]);
  });

  it('fails in the words of Guix when a channel does not authenticate', async () => {
    const commit = await upstreams['guix']!.revision();
    const introduction = { commit, fingerprint: 'A'.repeat(40) };
    const outcome = await evaluate('unsigned', { guix: { introduction } });
    expect(outcome).toMatchObject({ status: 'failed', reason: 'evaluator-failed' });
    const [row] = await database.query<{ message: string }>(
      `select message from evaluations order by id desc limit 1`,
    );
    expect(row?.message).toContain("of channel 'guix' is not signed by an authorized key");
    expect(await database.query('select 1 from jobs')).toHaveLength(3);
  });

  it('shares the clone of a Guix that is vouched for, and no authentication', async () => {
    const kept = async (kind: string): Promise<string[]> =>
      (await readdir(join(guix.directory, 'evaluator', kind))).sort();
    const before = { clones: await kept('clones'), caches: await kept('caches') };
    const commit = await upstreams['guix']!.revision();
    const mine = { url: `${upstreams['mine']!.url}/.git` };
    const vouched = { introduction: { commit, fingerprint: 'B'.repeat(40) } };
    expect(await evaluate('vouched', { guix: vouched })).toMatchObject({ status: 'succeeded' });
    expect(await evaluate('fork', { guix: vouched, mine })).toMatchObject({ status: 'succeeded' });
    expect(await kept('clones')).toHaveLength(before.clones.length + 1);
    expect(await kept('caches')).toHaveLength(before.caches.length + 2);
  });
});
