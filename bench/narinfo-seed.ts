/** Paths that are offered, with narinfos of about 2 kB, written in sets. */
import type { Database } from '#adapters/postgres/database.js';

/** References that make a narinfo of about 2 kB. */
const references = 30;
const hash = `sha256:${'1'.repeat(52)}`;

export function hashPart(number: number): string {
  return String(number).padStart(32, '0');
}

export async function seedPaths(database: Database, paths: number): Promise<void> {
  await database.execute(
    `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
     select s.id, lpad(n::text, 32, '0'), lpad(n::text, 32, '0') || '-package-1.0', $1, 123456
     from generate_series(1, $2::int) n, stores s where s.slug = 'nix'`,
    [hash, paths],
  );
  await seedReferences(database, paths);
  await database.execute(
    `insert into nars (path_id, compression, file_hash, file_size, file_key)
     select id, 'zstd', $1, 54321, lpad(id::text, 52, '0') || '.nar.zst' from store_paths`,
    [hash],
  );
  await database.execute('analyze store_paths, store_path_references, nars');
  await database.execute('checkpoint');
}

async function seedReferences(database: Database, paths: number): Promise<void> {
  await database.execute(
    `insert into store_path_references
     select p.id, lpad((1 + (p.id * 31 + r) % $1::int)::text, 32, '0') || '-package-with-a-name-1.0'
     from store_paths p, generate_series(1, $2::int) r`,
    [paths, references],
  );
}
