/** What the farm does about bytes that rot: real files, a real Postgres, the whole substituter. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Database } from '#adapters/postgres/database.js';
import { PostgresIntegrityStore } from '#adapters/postgres/integrity-store.js';
import { narKey, type FileKey } from '#domain/substitute/file-key.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { answered } from '#testkit/eventually.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import {
  onePiece,
  raw,
  sampleNar,
  startTestSubstituter,
  type SampleNar,
  type TestSubstituter,
} from './substituter-harness.js';

let postgres: TestPostgres;
let farm: TestSubstituter;

beforeAll(async () => {
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres, { GAMBESON_SCRUB_MB_PER_SECOND: '0' });
}, 60_000);
afterAll(async () => {
  await farm?.stop({ databaseGone: true });
  await postgres?.stop();
});

async function put(sample: SampleNar, references: string[] = []): Promise<void> {
  const nar = onePiece(sample.nar);
  await farm.service.putNar({ slug: 'nix', path: sample.path, nar });
  const { path, narHash } = sample;
  await farm.service.offer('nix', { path, narHash, narSize: sample.nar.length, references });
}

function fileOf(key: string, data = farm.data): string {
  return join(data, 'nars', 'files', key.slice(0, 2), key);
}

async function keyOf(sample: SampleNar, compression = 'zstd'): Promise<FileKey> {
  const [row] = await farm.database.query<{ file_key: FileKey }>(
    `select n.file_key from nars n join store_paths p on p.id = n.path_id
      where p.path = $1 and n.compression = $2`,
    [sample.path, compression],
  );
  return row!.file_key;
}

/** Changes one byte in the middle of a file. */
async function rot(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes[middle] = bytes[middle]! ^ 1;
  await writeFile(path, bytes);
}

async function standing(sample: SampleNar): Promise<string> {
  const [row] = await farm.database.query<{ withdrawn_reason: string | null }>(
    'select withdrawn_reason from store_paths where path = $1',
    [sample.path],
  );
  return row ? (row.withdrawn_reason ?? 'offered') : 'unknown';
}

interface Wish {
  readonly repair?: boolean;
  readonly store?: string;
}

interface Ended extends Record<string, unknown> {
  readonly id: number;
}

/** Asks for a verification and waits for its end. */
async function verify(wish: Wish = {}): Promise<Ended> {
  const [asked] = await farm.database.query<{ id: number }>(
    `insert into verifications (store_id, repair)
     values ((select id from stores where slug = $1), $2) returning id`,
    [wish.store ?? null, wish.repair ?? false],
  );
  return answered('the verification to end', async () => {
    const [row] = await farm.database.query<Ended>(
      'select * from verifications where id = $1 and ended_at is not null',
      [asked!.id],
    );
    return row ?? null;
  });
}

async function findingsOf(verification: Ended): Promise<Record<string, unknown>[]> {
  return farm.database.query(
    `select path, kind, done from store_findings where verification_id = $1 order by id`,
    [verification.id],
  );
}

/** A build of ours that has made these outputs. */
async function builtBy(build: number, outputs: readonly SampleNar[]): Promise<void> {
  await farm.database.query(
    `insert into derivations (id, store_id, path, name, package_name, system)
     values ($1, 1, $2, 'sample', 'sample', 'x86_64-linux')`,
    [build, `${'d'.repeat(32)}-${build}.drv`],
  );
  await farm.database.query(
    `insert into builds (id, evaluation_id, status, ended_at) values ($1, 1, 'succeeded', now())`,
    [build],
  );
  for (const [at, { path }] of outputs.entries()) {
    await farm.database.query(
      'insert into outputs (derivation_id, name, store_id, path) values ($1, $2, 1, $3)',
      [build, `out${at}`, path],
    );
  }
}

async function statusOf(build: number): Promise<unknown> {
  const [row] = await farm.database.query('select status from builds where id = $1', [build]);
  return row?.['status'];
}

async function quarantined(): Promise<string[]> {
  const names = await readdir(join(farm.data, 'nars', 'quarantine')).catch(() => []);
  return names.map((name) => name.replace(/\.\d+$/, ''));
}

describe('a verification', () => {
  it('finds nothing in a store whose files are whole', async () => {
    await put(sampleNar('0'));
    await put(sampleNar('1', 3_000_000), [sampleNar('0').path]);
    const ended = await verify();
    expect(ended).toMatchObject({ paths: 2, broken: 0, incomplete: 0, orphans: 0, fault: null });
    expect(await findingsOf(ended)).toEqual([]);
  });

  it('tells what was flipped, lost or cut, and changes nothing unless asked', async () => {
    const [flipped, lost, cut] = [sampleNar('2'), sampleNar('3'), sampleNar('4', 2_000_000)];
    for (const sample of [flipped, lost, cut]) await put(sample);
    await rot(fileOf(await keyOf(flipped)));
    await rm(fileOf(await keyOf(lost)));
    await truncate(fileOf(await keyOf(cut)), 10);
    const told = await verify();
    expect(told).toMatchObject({ broken: 3 });
    expect(await findingsOf(told)).toEqual([
      { path: flipped.path, kind: 'file-hash', done: 'told' },
      { path: lost.path, kind: 'file-missing', done: 'told' },
      { path: cut.path, kind: 'file-size', done: 'told' },
    ]);
    expect(await standing(flipped)).toBe('offered');
    expect(await quarantined()).toEqual([]);

    const key = await keyOf(flipped);
    const repaired = await verify({ repair: true });
    expect((await findingsOf(repaired)).map(({ done }) => done)).toEqual(
      Array(3).fill('withdrawn'),
    );
    for (const sample of [flipped, lost, cut]) expect(await standing(sample)).toBe('broken');
    expect(await quarantined()).toContain(key);
    expect(await verify()).toMatchObject({ broken: 0 });
  });

  it('believes the hash of the nar, whatever the file is called', async () => {
    const [one, other] = [sampleNar('5'), sampleNar('6')];
    await put(one);
    await put(other);
    // The row says of the one what belongs to the other: its file is as its name says.
    await farm.database.query(
      `update nars n set file_key = o.file_key, file_hash = o.file_hash, file_size = o.file_size
         from nars o join store_paths q on q.id = o.path_id, store_paths p
        where q.path = $2 and p.path = $1 and n.path_id = p.id`,
      [one.path, other.path],
    );
    const told = await verify();
    expect(await findingsOf(told)).toEqual([{ path: one.path, kind: 'nar-hash', done: 'told' }]);
    await farm.database.query('delete from store_paths where path = $1', [one.path]);
  });

  it('keeps a path that another whole file holds, without the broken one', async () => {
    const sample = sampleNar('7');
    await put(sample);
    const gzip = gzipSync(sample.nar);
    const fileHash = formatHash({ algorithm: 'sha256', digest: sha256(gzip) });
    const key = narKey(fileHash, 'gzip');
    await farm.database.query(
      `insert into nars (path_id, compression, file_hash, file_size, file_key)
       select id, 'gzip', $2, $3, $4 from store_paths where path = $1`,
      [sample.path, fileHash, gzip.length, key],
    );
    const told = await verify({ repair: true });
    expect(await findingsOf(told)).toEqual([
      { path: sample.path, kind: 'file-missing', done: 'dropped' },
    ]);
    expect(await standing(sample)).toBe('offered');
    expect(await verify()).toMatchObject({ broken: 0 });
  });

  it('says which references are not offered, and which files nothing names', async () => {
    const [below, above] = [sampleNar('8'), sampleNar('9')];
    await put(below);
    await put(above, [below.path]);
    const orphan = narKey(`sha256:${'0'.repeat(52)}`, 'none');
    await farm.database.query(`update store_paths set withdrawn_at = now() where path = $1`, [
      below.path,
    ]);
    await mkdir(dirname(fileOf(orphan)), { recursive: true });
    await writeFile(fileOf(orphan), 'nobody names me');
    const old = new Date(Date.now() - 7_200_000);
    await utimes(fileOf(orphan), old, old);
    const told = await verify();
    expect(told).toMatchObject({ incomplete: 1, orphans: 1, orphan_bytes: 15 });
    expect(await findingsOf(told)).toEqual([
      { path: above.path, kind: 'reference-absent', done: 'told' },
      { path: null, kind: 'orphan', done: 'told' },
    ]);
    await rm(fileOf(orphan));
    await farm.database.query('update store_paths set withdrawn_at = null where path = $1', [
      below.path,
    ]);
  });
});

describe('a broken nar that a client asks for', () => {
  it('is not served, its path is withdrawn and its build scheduled again at once', async () => {
    const [out, dev] = [sampleNar('a'), sampleNar('b')];
    await put(out);
    await put(dev);
    await builtBy(71, [out, dev]);
    const key = await keyOf(out);
    await truncate(fileOf(key), 10);
    const narinfo = `${farm.address}/${out.path.slice(0, 32)}.narinfo`;
    expect((await raw(`${farm.address}/nar/${key}`)).status).toBe(404);
    await answered('the path to be withdrawn', async () =>
      (await standing(out)) === 'broken' ? true : null,
    );
    expect(await statusOf(71)).toBe('scheduled');
    // What one attempt made goes together.
    expect(await standing(dev)).toBe(`made with ${out.path}`);
    await answered('the narinfo to be gone', async () =>
      (await raw(narinfo)).status === 404 ? true : null,
    );
    expect(await quarantined()).toContain(key);
  });

  it('is withdrawn in every store that offers these bytes', async () => {
    const sample = sampleNar('h');
    await put(sample);
    await farm.database.query(
      `with other as (
         insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
         select 2, hash_part, path, nar_hash, nar_size from store_paths where path = $1
         returning id)
       insert into nars (path_id, compression, file_hash, file_size, file_key)
       select other.id, 'zstd', n.file_hash, n.file_size, n.file_key
         from other, nars n join store_paths p on p.id = n.path_id where p.path = $1`,
      [sample.path],
    );
    await rot(fileOf(await keyOf(sample)));
    await verify({ repair: true, store: 'guix' });
    const rows = await farm.database.query(
      'select withdrawn_reason from store_paths where path = $1',
      [sample.path],
    );
    expect(rows).toEqual([{ withdrawn_reason: 'broken' }, { withdrawn_reason: 'broken' }]);
  });

  it('is offered again when its bytes come again', async () => {
    const sample = sampleNar('c');
    await put(sample);
    const key = await keyOf(sample);
    await rm(fileOf(key));
    expect((await raw(`${farm.address}/nar/${key}`)).status).toBe(404);
    await answered('the path to be withdrawn', async () =>
      (await standing(sample)) === 'broken' ? true : null,
    );
    await put(sample);
    expect(await standing(sample)).toBe('offered');
    expect((await raw(`${farm.address}/nar/${key}`)).status).toBe(200);
    const narinfo = `${farm.address}/${sample.path.slice(0, 32)}.narinfo`;
    expect((await raw(narinfo)).status).toBe(200);
  });
});

describe('a broken path that an upstream had', () => {
  it('is fetched again, and not built', async () => {
    const fresh = await postgres.freshDatabase();
    const database = new Database(fresh.url, 2, 'spec');
    const { path } = sampleNar('i');
    await database.query(
      `insert into outputs (derivation_id, name, store_id, path) values (80, 'out', 1, $1)`,
      [path],
    );
    await database.query(
      `insert into builds (id, evaluation_id, status, reason)
       values (80, 1, 'succeeded', 'substituted')`,
    );
    const [row] = await database.query<{ id: number }>(
      `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, origin)
       values (1, left($1, 32), $1, 'sha256:x', 1, 'mirrored') returning id`,
      [path],
    );
    const ledger = new PostgresIntegrityStore(database);
    const broken = { id: row!.id, path, findings: [], brokenFiles: [] };
    expect(await ledger.takeBack({ by: 'scrub' }, broken)).toEqual([{ path, build: 80 }]);
    const [build] = await database.query(
      `select status, reason, not_before > now() as held,
              exists (select from substitutions where build_id = 80) as wished from builds`,
    );
    expect(build).toEqual({ status: 'scheduled', reason: null, held: true, wished: true });
    expect(await ledger.takeBack({ by: 'scrub' }, broken)).toEqual([]);
    await database.close();
    await fresh.drop();
  });
});

describe('the scrub', () => {
  it('goes on where another process ended, and takes back what it finds', async () => {
    const [seen, rotten] = [sampleNar('f'), sampleNar('g')];
    await put(seen);
    await put(rotten);
    for (const sample of [seen, rotten]) await rot(fileOf(await keyOf(sample)));
    await farm.database.query(
      `update scrub_position
          set after_path = (select id from store_paths where path = $1), paths = 7`,
      [seen.path],
    );
    const { url } = farm.database;
    await farm.close();
    const database = new Database(url, 1, 'spec');
    const next = { GAMBESON_DATA: farm.data, DATABASE_URL: url };
    farm = { ...(await startTestSubstituter(postgres, next)), database };
    const round = await answered('the round to end', async () => {
      const [row] = await database.query(
        'select * from scrub_position where last_round_ended is not null',
      );
      return row ?? null;
    });
    expect(round).toMatchObject({ after_path: 0, last_round_paths: 8, broken: 1 });
    expect(await standing(rotten)).toBe('broken');
    expect(await standing(seen)).toBe('offered');
    const found = await database.query(`select path from store_findings where found_by = 'scrub'`);
    expect(found).toEqual([{ path: rotten.path }]);
    await database.close();
  });
});
