/**
 * A farm for the sessions of docs/cli.md: an api and a substituter over one database, with two
 * evaluations of `packages` between which something broke, and two workers.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresWeatherStore } from '#adapters/postgres/weather-store.js';
import { followWeather } from '#application/follow-weather.js';
import type { TestPostgres } from '#testkit/postgres.js';
import { startApiFarm, type ApiFarm } from '../../integration/api-farm.js';
import {
  seedAttempt,
  seedBuild,
  seedEvaluation,
  seedJob,
  seedNextEvaluation,
  type Wish,
} from '../../integration/seeded-farm.js';
import {
  onePiece,
  sampleNar,
  startTestSubstituter,
  type TestSubstituter,
} from '../../integration/substituter-harness.js';

export interface CliFarm {
  readonly api: ApiFarm;
  readonly substituter: TestSubstituter;
  /** A directory for the files of the sessions. */
  readonly directory: string;
  /** Of `packages`: the build that still runs in the newer evaluation. */
  readonly running: number;
  stop(): Promise<void>;
}

export async function startCliFarm(): Promise<CliFarm> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-sessions-'));
  const credentials = join(directory, 'credentials');
  await mkdir(credentials);
  await writeFile(join(credentials, 'code-hook'), 'known to the forge alone\n', { mode: 0o600 });
  const api = await startApiFarm({ GAMBESON_CREDENTIALS: credentials });
  const { url } = api.parts.database;
  const same = { url, freshDatabase: async () => ({ url, drop: async () => undefined }) };
  const quiet = { GAMBESON_SCRUB_MB_PER_SECOND: '0' };
  const substituter = await startTestSubstituter(same as unknown as TestPostgres, quiet);
  const running = await seedStory(api);
  await offer(substituter);
  await writeFile(join(directory, 'nix.pub'), `${substituter.publicKey}\n`);
  await writeBundle(directory);
  return {
    ...{ api, substituter, directory, running },
    async stop() {
      await substituter.stop({ databaseGone: true });
      await api.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Answers the build that runs. */
async function seedStory({ parts: { database, logs } }: ApiFarm): Promise<number> {
  const before = await seedEvaluation(database, 'packages', {
    notifications: [
      { type: 'email', from: 'ci@example.org', to: 'us@example.org', server: 'smtp://127.0.0.1:1' },
    ],
  });
  await seedWorkers(database);
  const build = (evaluation: number, name: string, wish: Omit<Wish, 'name'>) =>
    seedBuild(database, evaluation, { name, ...wish });
  const hello = await build(before, 'hello-2.12', { status: 'succeeded', output: true });
  await build(before, 'libfoo-1.0', { status: 'succeeded', output: true });
  const ailing = await build(before, 'ailing-3.1', { status: 'failed', reason: 'timed-out' });
  await build(before, 'mended-0.9', { status: 'failed', reason: 'builder-failed' });
  const after = await seedNextEvaluation(database, before, commit);
  await seedJob(database, after, { name: 'hello', build: hello });
  await seedJob(database, after, { name: 'ailing', build: ailing });
  const libfoo = await build(after, 'libfoo-1.1', { status: 'failed', reason: 'builder-failed' });
  await build(after, 'mended-1.0', { status: 'succeeded', output: true });
  for (const name of ['foo-tools-4.2', 'foo-viewer-0.3']) {
    const why = { inputs: [libfoo], failedInput: libfoo, reason: 'dependency' };
    await build(after, name, { status: 'failed-dependency', ...why });
  }
  const running = await build(after, 'compiler-14.1', { status: 'started' });
  await build(after, 'editor-30.1', { status: 'scheduled', inputs: [running] });
  await build(after, 'firmware-1.2', { status: 'scheduled', system: 'riscv64-linux' });
  const failed = await seedAttempt(database, libfoo, 'failed');
  const done = await seedAttempt(database, hello, 'succeeded');
  const live = await seedAttempt(database, running, 'started');
  const write = (attempt: number, text: string) =>
    logs.append(`attempt-${attempt}`, 0, Buffer.from(text));
  await database.execute(
    `update attempts set message = case when status = 'failed'
       then 'builder for libfoo-1.1.drv failed with exit code 2' end`,
  );
  await write(failed, 'unpacking sources\nbuilding\nfoo.c:12: error: expected ‘;’ before ‘}’\n');
  await write(done, 'unpacking sources\nbuilding\ninstalling\n');
  await write(live, 'unpacking sources\nbuilding\n');
  await followWeather(new PostgresWeatherStore(database), () => true);
  await database.execute('analyze');
  return running;
}

/** Which the sessions name. */
const commit = '0123456789abcdef0123456789abcdef01234567';

async function seedWorkers(database: Database): Promise<void> {
  await database.execute(
    `insert into workers (name, credential_hash, systems, slots, cores, speed, class, version,
       connected_at, last_seen_at, gateway, load, memory_free, disk_free)
     values ('one', 'x', '{x86_64-linux}', 2, 8, 1, 'x86_64-linux~@1', '0.1.0', now(), now(), 'g',
              1.5, 8e9, 5e10),
            ('two', 'x', '{x86_64-linux}', 4, 8, 1, 'x86_64-linux~@1', '0.1.0', now(), now(), 'g',
              0.1, 8e9, 5e10)`,
  );
}

async function offer({ service }: TestSubstituter): Promise<void> {
  const { path, narHash, nar } = sampleNar('a');
  await service.putNar({ slug: 'nix', path, nar: onePiece(nar) });
  await service.offer('nix', { path, narHash, narSize: nar.length, references: [] });
}

/** What is left of the newer evaluation is built, or given up. */
export async function endBuilds({ api, running }: CliFarm): Promise<void> {
  const { database, bus } = api.parts;
  await database.execute('delete from leases');
  await database.execute(
    `update builds set status = case when id = $1 then 'succeeded' else 'canceled' end,
            ended_at = now()
      where status in ('scheduled', 'started')`,
    [running],
  );
  await bus.publish('live/builds', JSON.stringify({ build: running }));
}

/** `tools.tar.gz`, a bundle as `guix pack --save-provenance` lays it out. */
async function writeBundle(directory: string): Promise<void> {
  const profile = join('gnu', 'store', `${'m'.repeat(32)}-profile`);
  const root = join(directory, 'bundle');
  await mkdir(join(root, profile), { recursive: true });
  const provenance = `(provenance (repository (version 0) (url "https://git.example.org/tools.git")
    (branch "main") (commit "${'a'.repeat(40)}") (name tools)))`;
  const manifest = `(manifest (version 3) (packages (("hello" "2.12.1" "out"
    "/gnu/store/${'r'.repeat(32)}-hello-2.12.1" (propagated-inputs ()) (search-paths ())
    (properties ${provenance})))))`;
  await writeFile(join(root, profile, 'manifest'), manifest);
  execFileSync('tar', ['-C', root, '-czf', join(directory, 'tools.tar.gz'), '.']);
}
