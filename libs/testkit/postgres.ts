/**
 * A real Postgres for tests. The cluster is made and migrated once per set of migrations, kept
 * under node_modules/.cache and copied for each server, so that a start costs half a second; every
 * test database is cloned from the migrated template.
 */
import { createHash, randomUUID } from 'node:crypto';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { clusterOf, EmbeddedPostgres } from '#adapters/postgres/embedded.js';
import { migrate, readMigrations } from '#adapters/postgres/migrate.js';
import { serverUser, type ServerUser } from '#adapters/postgres/server-binaries.js';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export interface TestPostgres {
  /** The maintenance database. */
  readonly url: string;
  /** A migrated database that nobody else uses. */
  freshDatabase(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

const checkout = findCheckout(dirname(fileURLToPath(import.meta.url)));
export const migrationsDirectory = join(checkout, 'prisma', 'migrations');
export const testPassword = 'tests-only';

/** Call it once per spec file, in beforeAll, and `stop()` it in afterAll. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-postgres-'));
  await chmod(directory, 0o755);
  await copyTestCluster(directory);
  const password = testPassword;
  const server = await EmbeddedPostgres.start({ directory, password, disposable: true });
  return {
    url: server.url(),
    freshDatabase: () => freshDatabase(server),
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Puts a stopped cluster that holds the migrated template into the directory. */
export async function copyTestCluster(directory: string): Promise<void> {
  const user = await serverUser();
  await copyCluster(await preparedCluster(user), directory, user);
}

/** A database cloned from the migrated template of that cluster. */
export async function freshDatabase(server: EmbeddedPostgres): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await command(server.url(), `create database ${name} template farm_template strategy file_copy`);
  return {
    url: server.url(name),
    drop: () => command(server.url(), `drop database if exists ${name} with (force)`),
  };
}

async function command(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** A stopped cluster that holds the migrated template; made by whoever needs it first. */
async function preparedCluster(user: ServerUser | null): Promise<string> {
  const migrations = await readMigrations(migrationsDirectory);
  const digest = createHash('sha256')
    .update(JSON.stringify([migrations, user, 1]))
    .digest('hex');
  const cache = join(checkout, 'node_modules', '.cache', 'gambeson');
  const target = join(cache, `postgres-${digest.slice(0, 16)}`);
  if (await stat(target).catch(() => null)) return target;
  await mkdir(cache, { recursive: true });
  const making = await mkdtemp(join(tmpdir(), 'gambeson-postgres-'));
  await chmod(making, 0o755);
  const server = await EmbeddedPostgres.start({
    directory: making,
    password: testPassword,
    disposable: true,
  });
  await command(server.url(), 'create database farm_template');
  await migrate(server.url('farm_template'), migrationsDirectory);
  await server.stop();
  const staged = `${target}.${process.pid}`;
  await cp(making, staged, { recursive: true });
  await rm(making, { recursive: true, force: true });
  await rename(staged, target).catch(() => rm(staged, { recursive: true, force: true }));
  return target;
}

async function copyCluster(from: string, to: string, user: ServerUser | null): Promise<void> {
  await cp(from, to, { recursive: true });
  const cluster = clusterOf(to);
  await chmod(cluster, 0o700);
  if (user === null) return;
  await chown(cluster, user.uid, user.gid);
  const inside = await readdir(cluster, { recursive: true });
  await Promise.all(inside.map((path) => chown(join(cluster, path), user.uid, user.gid)));
}

/** Upwards to package.json: this file runs from libs/ in tests and from dist/libs/ in the bench. */
function findCheckout(from: string): string {
  const above = dirname(from);
  const isHere = process.getBuiltinModule('node:fs').existsSync(join(from, 'package-lock.json'));
  if (isHere || above === from) return from;
  return findCheckout(above);
}
