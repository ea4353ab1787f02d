/** The encodings that a substituter makes beside serving, with the system's own gzip and lzip. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { formatHash, sha256 } from '#formats/hash.js';
import { parseNarinfo } from '#formats/narinfo.js';
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
  await farm?.stop();
  await postgres?.stop();
});

async function put(slug: string, sample: SampleNar): Promise<void> {
  const { path, narHash, nar } = sample;
  await farm.service.putNar({ slug, path, nar: onePiece(nar) });
  await farm.service.offer(slug, { path, narHash, narSize: nar.length, references: [] });
}

async function filesOf(slug: string, { path }: SampleNar): Promise<Record<string, string>> {
  const rows = await farm.database.query<{ compression: string; file_key: string }>(
    `select n.compression, n.file_key from nars n join store_paths p on p.id = n.path_id
       join stores s on s.id = p.store_id where s.slug = $1 and p.path = $2`,
    [slug, path],
  );
  return Object.fromEntries(rows.map((row) => [row.compression, row.file_key]));
}

/** Waits until a path lies in these encodings. */
function encoded(slug: string, sample: SampleNar, wanted: readonly string[]) {
  return answered(`${sample.path} in ${wanted.join(' and ')}`, async () => {
    const files = await filesOf(slug, sample);
    return wanted.every((encoding) => encoding in files) ? files : null;
  });
}

const unfold: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  none: (bytes) => bytes,
  zstd: zstdDecompressSync,
  lzip: (input) => spawnSync('lzip', ['-d', '-c'], { input, maxBuffer: 10_000_000 }).stdout,
};

describe('a path of a Guix store', () => {
  it('is offered in gzip and lzip, too, each of them the same nar', async () => {
    const sample = sampleNar('a', 200_000);
    await put('guix', sample);
    await raw(`${farm.address}/guix/${sample.path.slice(0, 32)}.narinfo`);
    await encoded('guix', sample, ['zstd', 'gzip', 'lzip']);
    const narinfo = await answered('the narinfo to tell of them', async () => {
      const answer = await raw(`${farm.address}/guix/${sample.path.slice(0, 32)}.narinfo`);
      const parsed = parseNarinfo(answer.body.toString());
      return parsed.ok && parsed.value.encodings.length === 3 ? parsed.value : null;
    });
    for (const { url, compression, fileHash, fileSize } of narinfo.encodings) {
      const { body } = await raw(`${farm.address}/guix/${url}`);
      expect(unfold[compression]!(body).equals(sample.nar)).toBe(true);
      if (fileSize !== undefined) expect(body.length).toBe(fileSize);
      const hash = formatHash({ algorithm: 'sha256', digest: sha256(body) });
      if (fileHash !== undefined) expect(fileHash).toBe(hash);
    }
  }, 20_000);

  it('whose contents are compressed already is offered as it is', async () => {
    const sample = { ...sampleNar('b'), path: `${'b'.repeat(32)}-hello-2.12.tar.gz` };
    await put('guix', sample);
    const files = await encoded('guix', sample, ['none']);
    expect(Object.keys(files).sort()).toEqual(['none', 'zstd']);
    const stored = await readFile(
      join(farm.data, 'nars', 'files', files['none']!.slice(0, 2), files['none']!),
    );
    expect(stored.equals(sample.nar)).toBe(true);
  });

  it('is not encoded when its nar is broken, but withdrawn', async () => {
    const { database } = farm;
    await database.query(`update stores set encodings = '{}' where slug = 'guix'`);
    const sample = sampleNar('c', 200_000);
    await put('guix', sample);
    // A file that is whole, and holds another nar.
    await database.query(
      `update nars n set file_key = o.file_key, file_hash = o.file_hash, file_size = o.file_size
         from nars o join store_paths q on q.id = o.path_id, store_paths p
        where q.path = $2 and o.compression = 'zstd' and p.path = $1 and n.path_id = p.id`,
      [sample.path, sampleNar('a').path],
    );
    await database.query(`update stores set encodings = null where slug = 'guix'`);
    await answered('the path to be withdrawn', async () => {
      const [row] = await database.query(
        'select 1 from store_paths where path = $1 and withdrawn_at is not null',
        [sample.path],
      );
      return row ?? null;
    });
    expect(await filesOf('guix', sample)).toEqual({});
  }, 20_000);
});

describe('a path of a Nix store', () => {
  it('is offered as it came, until somebody wants more', async () => {
    const sample = sampleNar('d', 200_000);
    await put('nix', sample);
    const later = sampleNar('f', 200_000);
    await put('guix', later);
    await encoded('guix', later, ['gzip', 'lzip']);
    expect(Object.keys(await filesOf('nix', sample))).toEqual(['zstd']);
    await farm.database.query(`update stores set encodings = '{gzip}' where slug = 'nix'`);
    const files = await encoded('nix', sample, ['gzip']);
    expect(Object.keys(files).sort()).toEqual(['gzip', 'zstd']);
    const narinfo = await raw(`${farm.address}/${sample.path.slice(0, 32)}.narinfo`);
    expect(narinfo.body.toString()).toContain('Compression: zstd');
  }, 20_000);
});
