import { describe, expect, it } from '@jest/globals';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Compression } from '#domain/substitute/offered-path.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import { readFileInNar } from './read-file-in-nar.js';

const contents = Buffer.alloc(700_000, 'contents ');
const nar = Buffer.from(encodeNar({ type: 'regular', executable: false, contents }));
const packed = { none: nar, zstd: zstdCompressSync(nar), gzip: gzipSync(nar) };

async function read(compression: Compression, bytes: Buffer, narSize = nar.length) {
  const written: Uint8Array[] = [];
  const answer = await readFileInNar({
    ...{ compression, narSize, way: [] },
    bytes: (async function* () {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    })(),
    write: async (piece) => void written.push(piece),
  });
  return { answer, written: Buffer.concat(written) };
}

describe('a file in a stored nar', () => {
  it.each(['none', 'zstd', 'gzip'] as const)('is read from %s', async (compression) => {
    const { answer, written } = await read(compression, packed[compression]);
    const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
    expect(answer).toEqual({
      found: { kind: 'file', executable: false, size: contents.length },
      digest: { narHash, narSize: nar.length },
    });
    expect(written.equals(contents)).toBe(true);
  });

  it('is not told of a nar that is cut, longer than its row says, or none at all', async () => {
    for (const [compression, bytes] of Object.entries(packed) as [Compression, Buffer][]) {
      expect((await read(compression, bytes.subarray(0, bytes.length - 20))).answer).toBeNull();
      expect((await read(compression, bytes, nar.length - 1)).answer).toBeNull();
      expect((await read(compression, Buffer.alloc(5000, 'no nar'))).answer).toBeNull();
    }
    expect((await read('lzip', nar)).answer).toBeNull();
  });

  it('passes on that the disk failed', async () => {
    const failing = (async function* (): AsyncIterable<Uint8Array> {
      yield packed.zstd.subarray(0, 10);
      throw Object.assign(new Error('the disk is gone'), { code: 'EIO' });
    })();
    const wanted = { compression: 'zstd' as const, narSize: nar.length, way: [] };
    const reading = readFileInNar({ ...wanted, bytes: failing, write: async () => undefined });
    await expect(reading).rejects.toThrow('the disk is gone');
  });
});
