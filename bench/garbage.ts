/**
 * A collection of garbage by a real coordinator, while clients ask a real substituter for narinfos
 * at a steady rate: how long requests take before it and beside it, how fast it is, and what it
 * holds in memory. `GAMBESON_BENCH_GARBAGE` says how many paths go.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '#adapters/postgres/database.js';
import { startServer, type Server } from './child.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';
import { latencies, percentile } from './http-load.js';
import { usageOf } from './process-usage.js';

const going = Number(process.env['GAMBESON_BENCH_GARBAGE'] ?? 100_000);
const staying = 20_000;
/** Of each path that goes, to such that were offered before it. */
const references = 5;
const load = { connections: 100, rate: 2000, seconds: 5 };
const largest = 100;

export async function garbageReport(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const farm = await startFarmDatabase();
  await seedStaying(farm.database);
  await seedGoing(farm.database);
  const environment = {
    ...{ DATABASE_URL: farm.url, GAMBESON_DATA: directory, GAMBESON_PORT: '0' },
    ...{ GAMBESON_GC_HOURS: '0', GAMBESON_SCRUB_MB_PER_SECOND: '0' },
  };
  const substituter = await startServer('apps/substituter/main.js', environment);
  const coordinator = await startServer('apps/coordinator/main.js', environment);
  try {
    return await measure(farm, substituter, coordinator);
  } finally {
    await Promise.all([substituter.stop(), coordinator.stop()]);
    await farm.stop();
    await rm(directory, { recursive: true });
  }
}

function hashPart(n: number): string {
  return String(n).padStart(32, '0');
}

async function seedStaying(database: Database): Promise<void> {
  await database.execute(
    `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
     select s.id, lpad(n::text, 32, '0'), lpad(n::text, 32, '0') || '-kept-1.0',
            'sha256:' || repeat('1', 52), 123456
       from generate_series(1, $1::int) n, stores s where s.slug = 'nix'`,
    [staying],
  );
  await database.execute(
    `insert into nars (path_id, compression, file_hash, file_size, file_key)
     select id, 'zstd', nar_hash, 54321, lpad(id::text, 52, '0') || '.nar.zst' from store_paths`,
  );
}

async function seedGoing(database: Database): Promise<void> {
  await database.execute(
    `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, deriver, offered_at)
     select s.id, 'd' || lpad(n::text, 31, '0'), 'd' || lpad(n::text, 31, '0') || '-gone-1.0',
            'sha256:x', 123456, 'x.drv', now() - interval '200 days'
       from generate_series(1, $1::int) n, stores s where s.slug = 'nix'`,
    [going],
  );
  await database.execute(
    `insert into store_path_references
     select p.id, 'd' || lpad((n - 1 - (n * 31 + r * 7) % least(n - 1, 5000))::text, 31, '0')
                  || '-gone-1.0'
       from store_paths p, lateral (select right(hash_part, 31)::int as n) h,
            generate_series(1, $1::int) r
      where p.hash_part like 'd%' and h.n > 1 on conflict do nothing`,
    [references],
  );
  await database.execute(
    `insert into nars (path_id, compression, file_hash, file_size, file_key)
     select id, 'zstd', 'sha256:x', 54321, hash_part || lpad('', 20, '0') || '.nar.zst'
       from store_paths where hash_part like 'd%'`,
  );
  await database.execute('analyze');
  await database.execute('checkpoint');
}

async function measure(
  farm: FarmDatabase,
  substituter: Server,
  coordinator: Server,
): Promise<string> {
  await ask(substituter, 2);
  const quiet = await ask(substituter, load.seconds);
  const restingBytes = usageOf(coordinator.pid).peakBytes;
  const began = performance.now();
  await farm.database.execute(`insert into collections (wished_by) values ('person')`);
  const beside: Float64Array[] = [];
  const end = finished(farm.database);
  const ending = new AbortController();
  const timed = end.then(() => {
    ending.abort();
    return (performance.now() - began) / 1000;
  });
  while (!ending.signal.aborted) beside.push(await ask(substituter, load.seconds));
  const seconds = await timed;
  const { paths, fault } = await end;
  if (fault !== null || paths !== going) throw new Error(`${paths} paths went: ${fault}`);
  const { peakBytes } = usageOf(coordinator.pid);
  return [
    `garbage: ${number(going)} paths with ${references} references each went in ` +
      `${seconds.toFixed(0)} s (${number(going / seconds)} a second)`,
    `  narinfos before it   ${told(quiet)}`,
    `  narinfos beside it   ${told(joined(beside))}`,
    `  coordinator          ${mebibytes(peakBytes)} at most, ${mebibytes(restingBytes)} before\n`,
  ].join('\n');
}

function ask(substituter: Server, seconds: number): Promise<Float64Array> {
  const path = (): string => `/${hashPart(1 + Math.floor(Math.random() * staying))}.narinfo`;
  return latencies({ ...load, seconds, port: substituter.port, path });
}

interface Ended extends Record<string, unknown> {
  readonly paths: number;
  readonly fault: string | null;
}

async function finished(database: Database): Promise<Ended> {
  for (;;) {
    const [row] = await database.query<Ended>(
      'select paths, fault from collections where finished_at is not null',
    );
    if (row) return row;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}

function told(took: Float64Array): string {
  const shares = [0.5, 0.99, 0.999].map((share) => percentile(took, share).toFixed(1));
  const over = took.filter((milliseconds) => milliseconds > largest).length;
  return (
    `p50 ${shares[0]} ms, p99 ${shares[1]} ms, p99.9 ${shares[2]} ms, ` +
    `longest ${took.at(-1)!.toFixed(0)} ms; ${over} of ${number(took.length)} over ${largest} ms`
  );
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}
