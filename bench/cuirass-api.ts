/**
 * How long each Cuirass-compatible address and each page takes over HTTP, by the built api, over a
 * farm of ten million builds (GAMBESON_BENCH_BUILDS for another number), made once and kept. Two
 * requests are under way at any moment; the promise is 100 ms for 99 of 100.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '#adapters/postgres/database.js';
import { startServer } from './child.js';
import { measureAddresses, table, underWay, type Asked } from './cuirass-measure.js';
import { keptDirectory, openKeptFarm } from './ten-million-farm.js';

const requests = 200;

export function cuirassApiReport(): Promise<string> {
  return overKeptFarm({}, async (asked) => table(await measureAddresses(asked)));
}

/** What is measured of the built api over the kept farm, below a title. */
export async function overKeptFarm(
  more: Readonly<Record<string, string>>,
  measured: (asked: Asked) => Promise<string>,
): Promise<string> {
  const builds = Number(process.env['GAMBESON_BENCH_BUILDS'] ?? 10_000_000);
  const tell = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const farm = await openKeptFarm(keptDirectory(builds), builds, tell);
  const environment = {
    ...{ DATABASE_URL: farm.url, GAMBESON_DATA: directory, GAMBESON_PORT: '0' },
    ...more,
  };
  const database = new Database(farm.url, 2, 'bench');
  const { port, stop } = await startServer('apps/api/main.js', environment);
  try {
    const told = await measured({ host: '127.0.0.1', port, database, requests, tell });
    const title = `${builds.toLocaleString('en')} builds, ${underWay} requests at a time`;
    return `${title}\n${told}`;
  } finally {
    await stop();
    await database.close();
    await farm.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
