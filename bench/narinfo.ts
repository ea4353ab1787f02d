/**
 * Signed narinfos of 2 kB from the substituter over real Postgres, asked in turn by 32 connections,
 * against bare node:http that answers the same bytes from memory. Hot: 1,000 paths that it has told
 * a moment ago. Cold: 10,000 paths, most of them looked up and signed anew.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '#adapters/postgres/database.js';
import { startServer } from './child.js';
import type { Contest } from './contest.js';
import { startFarmDatabase } from './farm-database.js';
import { requestRate } from './http-load.js';

const paths = 10_000;
const hotPaths = 1000;
/** References that make a narinfo of about 2 kB. */
const references = 30;

export function narinfoHot(): Promise<Contest> {
  return narinfo({ name: 'narinfo, hot', asked: addresses().slice(0, hotPaths), target: 0.5 });
}

export function narinfoCold(): Promise<Contest> {
  return narinfo({ name: 'narinfo, cold', asked: addresses() });
}

interface Asked {
  readonly name: string;
  readonly asked: readonly string[];
  readonly target?: number;
}

async function narinfo({ name, asked, target }: Asked): Promise<Contest> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const farm = await startFarmDatabase();
  await seed(farm.database);
  const substituter = await startServer('apps/substituter/main.js', {
    DATABASE_URL: farm.url,
    GAMBESON_DATA: directory,
    GAMBESON_PORT: '0',
  });
  const bytes = await sizeOf(substituter.port);
  const bare = await startServer('bench/bare-server.js', { BODY_BYTES: String(bytes) });
  const load = { paths: asked, connections: 32, seconds: 2 };
  return {
    name: `${name} (${bytes} bytes)`,
    unit: 'requests/s',
    better: 'high',
    floor: {
      name: 'bare node:http',
      round: () => requestRate({ ...load, port: bare.port }),
    },
    contender: {
      name: 'substituter',
      round: () => requestRate({ ...load, port: substituter.port }),
    },
    ...(target === undefined ? {} : { target: { ratio: target } }),
    close: async () => {
      await Promise.all([substituter.stop(), bare.stop()]);
      await farm.stop();
      await rm(directory, { recursive: true });
    },
  };
}

async function sizeOf(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}${addresses()[0]}`);
  if (answer.status !== 200) throw new Error(`the substituter answered ${answer.status}`);
  return (await answer.arrayBuffer()).byteLength;
}

function hashPart(number: number): string {
  return String(number).padStart(32, '0');
}

function addresses(): string[] {
  return Array.from({ length: paths }, (_, i) => `/${hashPart(i + 1)}.narinfo`);
}

async function seed(database: Database): Promise<void> {
  const hash = `sha256:${'1'.repeat(52)}`;
  await database.execute(
    `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
     select s.id, lpad(n::text, 32, '0'), lpad(n::text, 32, '0') || '-package-1.0', $1, 123456
     from generate_series(1, $2::int) n, stores s where s.slug = 'nix'`,
    [hash, paths],
  );
  await database.execute(
    `insert into store_path_references
     select p.id, lpad((1 + (p.id * 31 + r) % $1::int)::text, 32, '0') || '-package-with-a-name-1.0'
     from store_paths p, generate_series(1, $2::int) r`,
    [paths, references],
  );
  await database.execute(
    `insert into nars (path_id, compression, file_hash, file_size, file_key)
     select id, 'zstd', $1, 54321, lpad(id::text, 52, '0') from store_paths`,
    [hash],
  );
}
