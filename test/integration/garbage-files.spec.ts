/** Files go after their rows, and never under somebody who needs them: on a real disk. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { access, mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { DiskNarStore } from '#adapters/nar-store/disk/disk-nar-store.js';
import { PostgresCollectionLog } from '#adapters/postgres/collection-log.js';
import { PostgresEvaluationGarbage } from '#adapters/postgres/garbage-evaluations.js';
import { PostgresCondemnedFiles } from '#adapters/postgres/garbage-files.js';
import { PostgresGarbageStore } from '#adapters/postgres/garbage-session.js';
import { collectFiles } from '#application/collect-files.js';
import { collectGarbage } from '#application/collect-garbage.js';
import { condemnOrphans } from '#application/condemn-orphans.js';
import { parseFileKey, type FileKey } from '#domain/substitute/file-key.js';
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
let nars: DiskNarStore;
let logs: DiskLogStore;
let condemned: PostgresCondemnedFiles;

beforeAll(async () => {
  postgres = await startTestPostgres();
  // The farm's own collector stays away, so that each step is the test's.
  farm = await startTestSubstituter(postgres, { GAMBESON_GC_GRACE_SECONDS: '1e9' });
  nars = new DiskNarStore(join(farm.data, 'nars'));
  logs = new DiskLogStore(join(farm.data, 'logs'));
  condemned = new PostgresCondemnedFiles(farm.database);
}, 60_000);
afterAll(async () => {
  await logs?.close();
  await farm?.stop();
  await postgres?.stop();
});

function upload(sample: SampleNar): Promise<unknown> {
  return farm.service.putNar({ slug: 'nix', path: sample.path, nar: onePiece(sample.nar) });
}

async function publish(sample: SampleNar): Promise<FileKey> {
  await upload(sample);
  const { path, narHash } = sample;
  await farm.service.offer('nix', { path, narHash, narSize: sample.nar.length, references: [] });
  const [row] = await farm.database.query<{ key: string }>(
    'select n.file_key as key from nars n join store_paths p on p.id = n.path_id where path = $1',
    [path],
  );
  return parseFileKey(row!.key)!;
}

async function collectRows(): Promise<void> {
  const { database } = farm;
  await database.execute(`update store_paths set offered_at = now() - interval '1 year',
                            read_at = null`);
  await database.execute(`insert into collections (wished_by) values ('person')`);
  await collectGarbage({
    log: new PostgresCollectionLog(database),
    evaluations: new PostgresEvaluationGarbage(database),
    garbage: new PostgresGarbageStore(database),
    now: () => performance.now(),
    rest: async () => undefined,
  });
}

function collect(grace: number): Promise<number> {
  const fault = (_: unknown, thrown: unknown): void => {
    throw thrown;
  };
  return collectFiles({ condemned, nars, logs, grace, fault });
}

function narinfoStatus(sample: SampleNar): Promise<number> {
  return raw(`${farm.address}/nix/${sample.path.slice(0, 32)}.narinfo`).then((one) => one.status);
}

describe('a path that is let go', () => {
  it('is not told any more at once, and its file goes when the grace is over', async () => {
    const sample = sampleNar('a');
    const key = await publish(sample);
    expect(await narinfoStatus(sample)).toBe(200);
    await collectRows();
    await answered('it is forgotten', async () =>
      (await narinfoStatus(sample)) === 404 ? true : null,
    );
    expect(await collect(600)).toBe(0);
    expect(await nars.size(key)).not.toBeNull();
    expect(await collect(0)).toBe(1);
    expect(await nars.size(key)).toBeNull();
    expect(await collect(0)).toBe(0);
  });

  it('keeps its file when somebody uploads the same bytes in between', async () => {
    const sample = sampleNar('b');
    const key = await publish(sample);
    await collectRows();
    await upload(sample);
    expect(await collect(0)).toBe(0);
    expect(await nars.size(key)).not.toBeNull();
  });

  it('has its file put again by an upload that comes while it is unlinked', async () => {
    const sample = sampleNar('c');
    const key = await publish(sample);
    await collectRows();
    let uploading: Promise<unknown> = Promise.resolve();
    const unlinked = await condemned.unlinkSome(0, async (file) => {
      uploading = upload(sample);
      // It has found the file and waits for this row.
      await answered('the upload waits', async () => {
        const waiting = await farm.database.query(
          `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%uploads%'`,
        );
        return waiting.length > 0 ? true : null;
      });
      await nars.remove(parseFileKey(file.key)!);
    });
    expect(unlinked).toBe(1);
    await uploading;
    expect(await nars.size(key)).not.toBeNull();
  });

  it('stays condemned while its file cannot be removed', async () => {
    await publish(sampleNar('d'));
    await collectRows();
    const refuse = async (): Promise<void> => {
      throw new Error('a disk that does not');
    };
    expect(await condemned.unlinkSome(0, refuse)).toBe(0);
    expect(await collect(0)).toBe(1);
  });
});

describe('files without a row', () => {
  it('are found when they are a day old, and let go', async () => {
    const [old, young, named] = [sampleNar('f'), sampleNar('g'), sampleNar('h')];
    const files = [];
    for (const sample of [old, young]) {
      const key = `${sample.path.slice(0, 32).padEnd(52, '0')}.nar.zst`;
      const path = join(farm.data, 'nars', 'files', key.slice(0, 2), key);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, sample.compressed);
      files.push({ key: parseFileKey(key)!, path });
    }
    const kept = await publish(named);
    const long = new Date(Date.now() - 25 * 3_600_000);
    await utimes(files[0]!.path, long, long);
    await utimes(join(farm.data, 'nars', 'files', kept.slice(0, 2), kept), long, long);
    const parts = { inventory: nars, condemned, now: () => Date.now() };
    expect(await condemnOrphans(parts)).toBe(old.compressed.length);
    expect(await collect(0)).toBe(1);
    expect(await nars.size(files[0]!.key)).toBeNull();
    expect(await nars.size(files[1]!.key)).toBe(young.compressed.length);
    expect(await nars.size(kept)).not.toBeNull();
  });
});

describe('a log that is let go', () => {
  it('goes from the disk', async () => {
    await logs.append('attempt-12', 0, Buffer.from('building\n'));
    await farm.database.execute(
      `insert into condemned_files (file_key, kind) values ('attempt-12', 'log')`,
    );
    expect(await collect(0)).toBe(1);
    expect(await logs.size('attempt-12')).toBe(0);
    const path = join(farm.data, 'logs', 'attempt', '000', '000', 'attempt-12.log');
    await expect(access(path)).rejects.toThrow();
  });
});
