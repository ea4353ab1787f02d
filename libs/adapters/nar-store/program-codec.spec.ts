import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gunzipSync, zstdCompressSync } from 'node:zlib';
import { ProgramCodec } from './program-codec.js';

const codec = new ProgramCodec();
const text = Buffer.alloc(3_000_000, 'what repeats is short ');

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const gathered: Uint8Array[] = [];
  for await (const piece of pieces) gathered.push(piece);
  return Buffer.concat(gathered);
}

describe('the codec of nars', () => {
  it('makes gzip and lzip that their own programs undo', async () => {
    expect([...(await codec.available())].sort()).toEqual(['gzip', 'lzip']);
    const gzip = await whole(codec.fold('gzip', inPieces(text)));
    expect(gunzipSync(gzip).equals(text)).toBe(true);
    expect((await whole(codec.fold('gzip', inPieces(text)))).equals(gzip)).toBe(true);
    const lzip = await whole(codec.fold('lzip', inPieces(text)));
    const undone = spawnSync('lzip', ['-d', '-c'], { input: lzip, maxBuffer: 10_000_000 });
    expect(undone.stdout.equals(text)).toBe(true);
  });

  it('undoes zstd and gzip, and passes on what is not compressed', async () => {
    const zstd = inPieces(zstdCompressSync(text));
    expect((await whole(codec.unfold('zstd', zstd))).equals(text)).toBe(true);
    const gzip = codec.fold('gzip', inPieces(text));
    expect((await whole(codec.unfold('gzip', gzip))).equals(text)).toBe(true);
    expect((await whole(codec.unfold('none', inPieces(text)))).equals(text)).toBe(true);
    expect((await whole(codec.fold('none', inPieces(text)))).equals(text)).toBe(true);
  });

  it('says that a nar is corrupt, and ends its program then', async () => {
    const rotten = zstdCompressSync(text);
    rotten[rotten.length >> 1] = rotten[rotten.length >> 1]! ^ 255;
    const corrupt = { code: 'corrupt-data' };
    await expect(whole(codec.unfold('zstd', inPieces(rotten)))).rejects.toMatchObject(corrupt);
    const through = codec.fold('gzip', codec.unfold('zstd', inPieces(rotten)));
    await expect(whole(through)).rejects.toMatchObject(corrupt);
  });

  it('ends its program when nobody wants the rest', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        asked += 1;
        yield randomBytes(50_000);
      }
    }
    for await (const piece of codec.fold('gzip', endless())) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    const before = asked;
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(before);
  });

  it('knows which programs are not there', async () => {
    expect([...(await new ProgramCodec('/nowhere').available())]).toEqual([]);
  });
});
