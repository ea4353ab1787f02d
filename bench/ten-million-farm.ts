/**
 * The generated farm in a Postgres of its own, kept between runs: it is made once for each size and
 * each set of migrations. `node dist/bench/ten-million-farm.js --builds N --directory D` makes it.
 */
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Database } from '#adapters/postgres/database.js';
import { EmbeddedPostgres } from '#adapters/postgres/embedded.js';
import { migrate } from '#adapters/postgres/migrate.js';
import { migrationsDirectory } from '#testkit/postgres.js';
import { makeFarm, sizeFor } from './ten-million.js';

export interface KeptFarm {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const password = 'bench-only';

/** Absent: beside other temporary files, kept until somebody removes it. */
export function keptDirectory(builds: number): string {
  return process.env['GAMBESON_BENCH_FARM'] ?? join(tmpdir(), `gambeson-farm-of-${builds}`);
}

/** Migrations newer than the farm are applied to it. */
export async function openKeptFarm(
  directory: string,
  builds: number,
  tell: (sentence: string) => void,
): Promise<KeptFarm> {
  const whole = join(directory, 'whole');
  const told = await readFile(whole, 'utf8').catch(() => null);
  if (told !== String(builds)) {
    await rm(directory, { recursive: true, force: true });
    await make(directory, builds, tell);
    await writeFile(whole, String(builds));
  }
  const server = await EmbeddedPostgres.start({ directory, password });
  await migrate(server.url(), migrationsDirectory);
  return { url: server.url(), pid: server.pid, stop: () => server.stop() };
}

async function make(
  directory: string,
  builds: number,
  tell: (sentence: string) => void,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  // As root the server runs as another user, who must be able to reach it.
  await chmod(directory, 0o755);
  await withServer(directory, async (server) => {
    const database = new Database(server.url(), 1, 'bench');
    for (const text of settings) await database.execute(text);
    await database.close();
  });
  await withServer(directory, async (server) => {
    await migrate(server.url(), migrationsDirectory);
    const database = new Database(server.url(), 1, 'bench');
    await makeFarm(database, sizeFor(builds), tell);
    for (const text of restored) await database.execute(text);
    await database.close();
  });
}

/** For the filling alone: what is filled in the transaction that empties it leaves no log. */
const settings = [
  `alter system set wal_level = 'minimal'`,
  `alter system set max_wal_senders = 0`,
  `alter system set max_wal_size = '4GB'`,
  `alter system set autovacuum = off`,
];
const restored = [`alter system reset autovacuum`, `alter system reset max_wal_size`];

async function withServer(
  directory: string,
  work: (server: EmbeddedPostgres) => Promise<void>,
): Promise<void> {
  const server = await EmbeddedPostgres.start({ directory, password, disposable: true });
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { builds: { type: 'string', default: '10000000' }, directory: { type: 'string' } },
  });
  const builds = Number(values.builds);
  const tell = (sentence: string): void => void process.stdout.write(`${sentence}\n`);
  const farm = await openKeptFarm(values.directory ?? keptDirectory(builds), builds, tell);
  await farm.stop();
}
