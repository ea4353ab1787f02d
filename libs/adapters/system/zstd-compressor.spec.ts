import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, zstdDecompressSync } from 'node:zlib';
import { ZstdCompressor } from './zstd-compressor.js';

const params = { [constants.ZSTD_c_compressionLevel]: 3 };

async function compressed(pieces: readonly Uint8Array[]): Promise<Buffer> {
  const gathered: Buffer[] = [];
  await pipeline(
    Readable.from(pieces, { objectMode: false }),
    new ZstdCompressor({ params, chunkSize: 64 * 1024 }),
    async (bytes: AsyncIterable<Buffer>) => {
      for await (const piece of bytes) gathered.push(piece);
    },
  );
  return Buffer.concat(gathered);
}

/** How many bytes the first frame has, and what it unfolds to. */
function firstFrame(bytes: Uint8Array): { readonly length: number; readonly whole: Buffer } {
  const read = zstdDecompressSync(bytes, { info: true }) as unknown as {
    readonly buffer: Buffer;
    readonly engine: { readonly bytesWritten: number };
  };
  return { length: read.engine.bytesWritten, whole: read.buffer };
}

describe('what is compressed as a stream', () => {
  it.each([0, 1, 1000, 32_768, 40_000, 131_072, 400_000, 3_000_000])(
    'is one frame and nothing more, of %s random bytes in any pieces',
    async (size) => {
      const contents = randomBytes(size);
      for (const step of [700, 32_768, 65_536, 4_000_000]) {
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < size; at += step) pieces.push(contents.subarray(at, at + step));
        const bytes = await compressed(pieces);
        const { length, whole } = firstFrame(bytes);
        expect([size, step, length]).toEqual([size, step, bytes.length]);
        expect(whole.equals(contents)).toBe(true);
      }
    },
  );

  it('is given up with whoever reads it', async () => {
    const endless = Readable.from(
      (async function* () {
        for (;;) yield randomBytes(65_536);
      })(),
      { objectMode: false },
    );
    const compressor = new ZstdCompressor({ params });
    let seen = 0;
    for await (const piece of endless.pipe(compressor)) {
      seen += (piece as Buffer).length;
      if (seen > 1_000_000) break;
    }
    expect(compressor.destroyed).toBe(true);
    endless.destroy();
  });
});
