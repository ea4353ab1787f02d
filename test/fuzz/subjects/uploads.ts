/** Bodies of uploads: nars in zstd, measured as they arrive and in pieces of any size. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ZstdNarMeter } from '#adapters/nar-store/zstd-nar-meter.js';
import { decodeNar, encodeNar } from '#formats/nar.js';
import { formatHash, sha256 } from '#formats/hash.js';
import type { NarRefusal } from '#application/ports/nar-meter.js';
import type { NarDigest } from '#domain/substitute/offered-path.js';
import type { Result } from '#std/result.js';
import { sampleNars } from '../samples.js';
import { demand, wordsOf, type Subject } from '../subject.js';

const largestNar = 2 * 1024 * 1024;

/** Too large to be measured in one go, but not to be compressed. */
const large = encodeNar({
  type: 'regular',
  executable: false,
  contents: Uint8Array.from({ length: 70_000 }, (_, i) => (i * i * 2_654_435_761) >>> 13),
});

export const uploads: Subject = {
  name: 'upload',
  samples: () => [
    ...sampleNars().map((nar) => compressed(nar)),
    ...sampleNars().map((nar) => compressed(nar, 1)),
    compressed(large),
    compressed(encodeNar({ type: 'regular', executable: true, contents: Buffer.alloc(1e6) })),
  ],
  words: wordsOf(
    // A frame's beginning, skippable frames, a run of 128 kB, an empty block, the last block.
    ...[
      '\x28\xb5\x2f\xfd',
      '\x50\x2a\x4d\x18\xff\xff\xff\x7f',
      '\x02\0\x10\0',
      '\0\0\0',
      '\x01\0\0',
    ],
    ...['\x28\xb5\x2f\xfd\0\xf8', '\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\x7f'],
  ),
  async take(bytes) {
    const step = 1 + ((bytes.length * 7919) % 9000);
    const measured = await measure(bytes, step);
    if (!measured.ok) return 'refused';
    const nar = zstdDecompressSync(bytes, { maxOutputLength: largestNar });
    const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
    demand(measured.value.narHash === narHash, 'the hash is that of the nar');
    demand(measured.value.narSize === nar.length, 'the size is that of the nar');
    demand(decodeNar(nar).ok, 'what is accepted is a nar');
    return 'accepted';
  },
};

async function measure(bytes: Uint8Array, step: number): Promise<Result<NarDigest, NarRefusal>> {
  const meter = new ZstdNarMeter({ largestNar });
  try {
    for (let at = 0; at < bytes.length; at += step) {
      const pushed = await meter.push(bytes.subarray(at, at + step));
      if (!pushed.ok) return pushed;
    }
    return await meter.finish();
  } finally {
    meter.close();
  }
}

function compressed(nar: Uint8Array, checksum = 0): Uint8Array {
  const params = { [constants.ZSTD_c_checksumFlag]: checksum };
  return Uint8Array.from(zstdCompressSync(nar, { params }));
}
