import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import type { NarRefusal } from '#application/ports/nar-meter.js';
import type { NarDigest } from '#domain/substitute/offered-path.js';
import type { Result } from '#std/result.js';
import { ZstdNarMeter } from './zstd-nar-meter.js';

const sizes = [
  { what: 'a small nar', contents: Buffer.from('hello '.repeat(300)) },
  { what: 'one that unfolds to much', contents: Buffer.alloc(3_000_000, 'x') },
  { what: 'one that is large as it comes', contents: randomBytes(200_000) },
];

async function measure(
  compressed: Uint8Array,
  largestNar = 2 ** 30,
): Promise<Result<NarDigest, NarRefusal>> {
  const meter = new ZstdNarMeter({ largestNar });
  try {
    for (let at = 0; at < compressed.length; at += 1000) {
      const pushed = await meter.push(compressed.subarray(at, at + 1000));
      if (!pushed.ok) return pushed;
    }
    return await meter.finish();
  } finally {
    meter.close();
  }
}

describe.each(sizes)('$what', ({ contents }) => {
  const nar = encodeNar({ type: 'regular', executable: false, contents });
  const compressed = zstdCompressSync(nar);

  it('is measured', async () => {
    const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
    expect(await measure(compressed)).toEqual({
      ok: true,
      value: { narHash, narSize: nar.length },
    });
  });

  it('is refused when it is cut, or when anything follows it', async () => {
    for (const broken of [
      compressed.subarray(0, -1),
      Buffer.concat([compressed, Buffer.from('x')]),
      Buffer.concat([compressed, compressed]),
    ]) {
      expect(await measure(broken)).toMatchObject({ ok: false, error: { kind: 'not-zstd' } });
    }
  });

  it('is refused when it is longer than a nar may be', async () => {
    const refused = await measure(compressed, nar.length - 1);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'too-large' } });
    expect((await measure(compressed, nar.length)).ok).toBe(true);
  });

  it('is refused when it is no nar, or not a whole one', async () => {
    for (const wrong of [contents, nar.subarray(0, -8), Buffer.concat([nar, nar])]) {
      const refused = await measure(zstdCompressSync(wrong));
      expect(refused).toMatchObject({ ok: false, error: { kind: 'not-a-nar' } });
    }
  });
});
