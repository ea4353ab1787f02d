import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteRange } from '#application/ports/nar-store.js';
import { narKey, type FileKey } from '#domain/substitute/file-key.js';
import { DiskNarStore } from './disk-nar-store.js';

let directory = '';
let store: DiskNarStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gambeson-nars-'));
  store = new DiskNarStore(directory);
});
afterEach(() => rm(directory, { recursive: true }));

async function put(text: string): Promise<FileKey> {
  const staged = await store.stage();
  for (const letter of text) await staged.write(Buffer.from(letter));
  const { fileHash, fileSize } = await staged.finish();
  expect(fileSize).toBe(text.length);
  const key = narKey(fileHash, 'none');
  await staged.commit(key);
  await staged.discard();
  return key;
}

async function read(key: FileKey, range?: ByteRange): Promise<string | null> {
  const file = await store.open(key, range);
  if (!file) return null;
  const pieces: Uint8Array[] = [];
  for await (const piece of file.bytes) pieces.push(piece);
  await file.close();
  return Buffer.concat(pieces).toString();
}

const all = async (): Promise<string[]> =>
  (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.nar'));

describe('the nar store on disk', () => {
  it('gives back what was written, whole or in part', async () => {
    const key = await put('hello world');
    expect(await read(key)).toBe('hello world');
    expect(await read(key, { start: 6, end: 9 })).toBe('wor');
    expect(await read(key, { start: 9, end: 99 })).toBe('ld');
    expect(await read(key, { start: 50, end: 60 })).toBe('');
    expect(await store.size(key)).toBe(11);
    expect(await read(await put(''))).toBe('');
  });

  it('keeps equal files once and forgets a removed one', async () => {
    const key = await put('equal');
    expect(await put('equal')).toBe(key);
    expect(await all()).toHaveLength(1);
    expect(await store.remove(key)).toBe(true);
    expect(await store.remove(key)).toBe(false);
    expect([await store.size(key), await store.open(key)]).toEqual([null, null]);
  });

  it('replaces a file that lost bytes when it comes again', async () => {
    const key = await put('the whole');
    await writeFile(join(directory, (await all())[0]!), 'the');
    await put('the whole');
    expect(await read(key)).toBe('the whole');
  });

  it('shows nothing before it is committed, and leaves nothing when discarded', async () => {
    const staged = await store.stage();
    await staged.write(Buffer.from('half'));
    const { fileHash } = await staged.finish();
    expect(await store.size(narKey(fileHash, 'none'))).toBeNull();
    await staged.discard();
    await staged.discard();
    expect(await readdir(join(directory, 'staging'))).toEqual([]);
  });

  it('sweeps what a dead process staged, and nothing that is being written', async () => {
    const living = await store.stage();
    const old = new Date(Date.now() - 7_200_000);
    await writeFile(join(directory, 'staging', 'dead'), 'x');
    await utimes(join(directory, 'staging', 'dead'), old, old);
    expect(await store.sweepStaged(3600)).toBe(1);
    expect(await readdir(join(directory, 'staging'))).toHaveLength(1);
    await living.discard();
  });
});
