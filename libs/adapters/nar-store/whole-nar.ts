/** Measures a nar that is all there, compressed with zstd, in one go. */
import { zstdDecompressSync } from 'node:zlib';
import type { NarDigest } from '#domain/substitute/offered-path.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { NarReader } from '#formats/nar.js';

interface Decompressed {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** Null when it is not one whole nar of at most `largest` bytes in one frame and nothing more. */
export function measureWhole(compressed: Uint8Array, largest: number): NarDigest | null {
  const nar = decompress(compressed, largest);
  if (!nar) return null;
  const reader = new NarReader();
  if (!reader.push(nar).ok || !reader.finish().ok) return null;
  const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
  return { narHash, narSize: nar.length };
}

function decompress(compressed: Uint8Array, largest: number): Uint8Array | null {
  try {
    const options = { info: true, maxOutputLength: largest };
    const done = zstdDecompressSync(compressed, options) as unknown as Decompressed;
    return done.engine.bytesWritten === compressed.length ? done.buffer : null;
  } catch {
    return null;
  }
}
