/** What every nar store must do, wherever its bytes lie. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  ByteRange,
  NarInventory,
  NarStore,
  StoredFile,
} from '#application/ports/nar-store.js';
import { narKey, packKey, type FileKey } from '#domain/substitute/file-key.js';

/** More than one part of a bucket's upload. */
const largeBytes = process.env['GAMBESON_TEST_FULL'] ? 400_000_003 : 20_000_003;

export interface NarStoreUnderTest {
  readonly store: NarStore & NarInventory;
  /** Cuts the file under a key to so many bytes, behind the store's back. */
  truncate(key: FileKey, size: number): Promise<void>;
  /** Names of what is staged. */
  staged(): Promise<string[]>;
  /** Leaves a staged file that nobody has written to for two hours. */
  abandon(name: string): Promise<void>;
  /** Names of what is in quarantine. */
  quarantined(): Promise<string[]>;
  stop(): Promise<void>;
}

export function narStoreConformance(kind: string, start: () => Promise<NarStoreUnderTest>): void {
  const bench = new Bench();

  beforeAll(async () => {
    bench.tested = await start();
  }, 60_000);
  afterAll(() => bench.tested.stop());

  describe(`the nar store ${kind}`, () => {
    keepsFiles(bench);
    stagesFiles(bench);
    readsLargeFiles(bench);
    looksAfterFiles(bench);
  });
}

class Bench {
  tested!: NarStoreUnderTest;

  get store(): NarStoreUnderTest['store'] {
    return this.tested.store;
  }

  async put(text: string | Buffer): Promise<FileKey> {
    const bytes = Buffer.from(text);
    const staged = await this.store.stage();
    for (let at = 0; at < bytes.length; at += 1_000_000) {
      await staged.write(bytes.subarray(at, at + 1_000_000));
    }
    const { fileHash, fileSize } = await staged.finish();
    expect(fileSize).toBe(bytes.length);
    const key = narKey(fileHash, 'none');
    await staged.commit(key);
    await staged.discard();
    return key;
  }

  async bytesOf(key: FileKey, range?: ByteRange): Promise<Buffer | null> {
    const file = await this.store.open(key, range);
    if (!file) return null;
    const pieces: Uint8Array[] = [];
    for await (const piece of file.bytes) pieces.push(piece);
    await file.close();
    return Buffer.concat(pieces);
  }

  async read(key: FileKey, range?: ByteRange): Promise<string | undefined> {
    return (await this.bytesOf(key, range))?.toString();
  }

  async listed(): Promise<StoredFile[]> {
    const files: StoredFile[] = [];
    for await (const file of this.store.list()) files.push(file);
    return files;
  }
}

function keepsFiles(bench: Bench): void {
  it('gives back what was written, whole or in part', async () => {
    const key = await bench.put('hello world');
    expect(await bench.read(key)).toBe('hello world');
    expect(await bench.read(key, { start: 6, end: 9 })).toBe('wor');
    expect(await bench.read(key, { start: 9, end: 99 })).toBe('ld');
    expect(await bench.read(key, { start: 50, end: 60 })).toBe('');
    expect(await bench.read(key, { start: 3, end: 3 })).toBe('');
    expect((await bench.store.open(key, { start: 6, end: 9 }))?.size).toBe(11);
    expect(await bench.store.size(key)).toBe(11);
    expect(await bench.read(await bench.put(''))).toBe('');
  });

  it('keeps equal files once and forgets a removed one', async () => {
    const key = await bench.put('equal');
    expect(await bench.put('equal')).toBe(key);
    expect((await bench.listed()).filter((file) => file.key === key)).toHaveLength(1);
    expect(await bench.store.remove(key)).toBe(true);
    expect(await bench.store.remove(key)).toBe(false);
    expect([await bench.store.size(key), await bench.store.open(key)]).toEqual([null, null]);
    expect(await bench.store.open(key, { start: 0, end: 1 })).toBeNull();
    expect(await bench.store.open(key, { start: 0, end: 0 })).toBeNull();
  });

  it('replaces a file that lost bytes when it comes again', async () => {
    const key = await bench.put('the whole');
    await bench.tested.truncate(key, 3);
    expect(await bench.store.size(key)).toBe(3);
    await bench.put('the whole');
    expect(await bench.read(key)).toBe('the whole');
  });
}

function stagesFiles(bench: Bench): void {
  it('puts a file again that was taken away before it was discarded', async () => {
    const staged = await bench.store.stage();
    await staged.write(Buffer.from('collected'));
    const { fileHash } = await staged.finish();
    const key = narKey(fileHash, 'none');
    await staged.commit(key);
    await bench.store.remove(key);
    await staged.commit(key);
    await staged.discard();
    expect(await bench.read(key)).toBe('collected');
  });

  it('shows nothing before it is committed, and leaves nothing when discarded', async () => {
    const staged = await bench.store.stage();
    await staged.write(Buffer.from('half'));
    const { fileHash } = await staged.finish();
    expect(await bench.store.size(narKey(fileHash, 'none'))).toBeNull();
    expect(await bench.tested.staged()).toHaveLength(1);
    await staged.discard();
    await staged.discard();
    expect(await bench.tested.staged()).toEqual([]);
  });

  it('sweeps what a dead process staged, and nothing that is being written', async () => {
    const living = await bench.store.stage();
    await bench.tested.abandon('dead');
    expect(await bench.store.sweepStaged(3600)).toBe(1);
    expect(await bench.tested.staged()).toHaveLength(1);
    await living.discard();
  });
}

function readsLargeFiles(bench: Bench): void {
  it('gives a large file back as it was, from any byte, to many at once', async () => {
    const large = Buffer.alloc(largeBytes);
    for (let at = 0; at + 4 < large.length; at += 4) large.writeUInt32LE(at, at);
    const key = await bench.put(large);
    expect((await bench.bytesOf(key))?.equals(large)).toBe(true);
    const starts = [0, 1, 16_777_215, 16_777_216, 17_000_001, largeBytes - 1003];
    const parts = await Promise.all(
      starts.map((start) => bench.bytesOf(key, { start, end: start + 1000 })),
    );
    for (const [at, part] of parts.entries()) {
      const start = starts[at]!;
      expect(part?.equals(large.subarray(start, start + 1000))).toBe(true);
    }
    await bench.store.remove(key);
  }, 120_000);

  it('stops reading when nobody wants the rest', async () => {
    const key = await bench.put(Buffer.alloc(5_000_000, 'x'));
    const file = await bench.store.open(key);
    for await (const piece of file!.bytes) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    await file!.close();
    const unread = await bench.store.open(key);
    await unread!.close();
    await unread!.close();
  });
}

function looksAfterFiles(bench: Bench): void {
  it('lists nars and packs with their sizes', async () => {
    const nar = await bench.put('listed');
    const pack = packKey('ab'.repeat(32));
    const staged = await bench.store.stage();
    await staged.write(Buffer.from('a pack'));
    await staged.finish();
    await staged.commit(pack);
    await staged.discard();
    const sizes = new Map((await bench.listed()).map((file) => [file.key, file.size]));
    expect([sizes.get(nar), sizes.get(pack)]).toEqual([6, 6]);
    const [file] = (await bench.listed()).filter(({ key }) => key === nar);
    expect(Math.abs(file!.changedAt - Date.now())).toBeLessThan(60_000);
  });

  it('puts what is broken aside, where it is neither found nor listed', async () => {
    const key = await bench.put('rotten');
    expect(await bench.store.quarantine(key)).toBe(true);
    expect(await bench.store.quarantine(key)).toBe(false);
    expect(await bench.store.size(key)).toBeNull();
    expect((await bench.listed()).map((file) => file.key)).not.toContain(key);
    const [aside] = await bench.tested.quarantined();
    expect(aside).toMatch(new RegExp(`^${key}\\.\\d+$`));
    await bench.put('rotten');
    expect(await bench.read(key)).toBe('rotten');
  });
}
