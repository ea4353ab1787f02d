import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { brotliCompressSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { PackingRefusal } from '#application/ports/pushed-nar.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import { openRepacked, repacking } from './repacked-nar.js';

const contents = Buffer.alloc(3_000_000, 'something that repeats ');
const nar = encodeNar({ type: 'regular', executable: false, contents });
const xz = (bytes: Uint8Array): Buffer => execFileSync('xz', ['--stdout'], { input: bytes });
const hashOf = (bytes: Uint8Array): string =>
  formatHash({ algorithm: 'sha256', digest: sha256(bytes) });

async function* pieces(bytes: Uint8Array, size = 50_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function repack(
  name: string,
  body: AsyncIterable<Uint8Array>,
): Promise<{ bytes: Buffer; fileHash: string | null; refusal: PackingRefusal | null }> {
  const pushed = openRepacked(name, body);
  const gathered: Uint8Array[] = [];
  for await (const piece of pushed.bytes) gathered.push(piece);
  const end = pushed.end();
  return {
    bytes: Buffer.concat(gathered),
    fileHash: end.ok ? end.value.fileHash : null,
    refusal: end.ok ? null : end.error,
  };
}

describe('a pushed nar', () => {
  it('is kept in zstd, however it was packed', async () => {
    const sent: [string, Uint8Array][] = [
      ['x.nar', nar],
      ['x.nar', gzipSync(nar)],
      ['x.nar.br', brotliCompressSync(nar)],
      ['x.nar.xz', xz(nar)],
      ['x.nar.zst', zstdCompressSync(nar)],
    ];
    for (const [name, file] of sent) {
      const { bytes, fileHash } = await repack(name, pieces(file));
      expect([name, zstdDecompressSync(bytes).equals(nar), fileHash]).toEqual([
        ...[name, true, hashOf(file)],
      ]);
    }
  });

  it('in zstd is passed on byte for byte', async () => {
    const file = zstdCompressSync(nar);
    expect((await repack('x.nar.zst', pieces(file, 3))).bytes.equals(file)).toBe(true);
  });

  it('that is damaged is refused, and says how it was packed', async () => {
    for (const [name, packing, file] of [
      ['x.nar', 'gzip', gzipSync(nar)],
      ['x.nar.xz', 'xz', xz(nar)],
    ] as const) {
      const half = file.subarray(0, file.length / 2);
      expect((await repack(name, pieces(half))).refusal).toMatchObject({
        ...{ kind: 'not-unpacked', packing },
      });
    }
    const unknown = await repack('x.nar.xz', pieces(Buffer.from('neither this nor that')));
    expect(unknown.refusal).toEqual({ kind: 'unknown-packing' });
    expect((await repack('x.nar', pieces(Buffer.alloc(0)))).refusal?.kind).toBe('unknown-packing');
  });

  it('by a program that is not there is refused, not failed', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    try {
      const file = Buffer.from('fd377a585a000000', 'hex');
      expect((await repack('x.nar.xz', pieces(file))).refusal).toEqual({
        ...{ kind: 'packing-not-read', packing: 'xz' },
      });
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('that unfolds beyond measure is stopped while it unfolds', async () => {
    const open = repacking({ freeBytes: 1024 ** 2, steepest: 100 });
    const pushed = open('x.nar', pieces(gzipSync(Buffer.alloc(64 * 1024 ** 2)), 4096));
    let size = 0;
    for await (const piece of pushed.bytes) size += piece.length;
    const end = pushed.end();
    expect(end.ok ? null : end.error.kind).toBe('too-large');
    expect(size).toBeLessThan(64 * 1024);
  });

  it('whose sender goes away throws what the connection threw', async () => {
    async function* cut(): AsyncGenerator<Uint8Array> {
      yield gzipSync(nar).subarray(0, 100);
      throw new Error('the sender went away');
    }
    await expect(repack('x.nar', cut())).rejects.toThrow('the sender went away');
  });
});
