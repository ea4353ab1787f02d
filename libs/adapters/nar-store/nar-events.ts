/** What is in a stored nar, told as it unfolds. What is no nar, or no such compression, ends it. */
import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Compression } from '#domain/substitute/offered-path.js';
import { NarReader, type NarEvent } from '#formats/nar.js';
import { unfoldedBytes } from './streamed-nar-meter.js';

const chunk = { chunkSize: unfoldedBytes };
const decompressors: Partial<Record<Compression, () => Transform>> = {
  zstd: () => createZstdDecompress(chunk),
  gzip: () => createGunzip(chunk),
};

export interface PackedNar {
  readonly compression: Compression;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Whether nars that are so compressed can be read here. */
export function isReadable(compression: Compression): boolean {
  return compression === 'none' || decompressors[compression] !== undefined;
}

/** The last event is `end` when the nar was whole. */
export async function* narEvents({ compression, bytes }: PackedNar): AsyncGenerator<NarEvent> {
  const decompressor = decompressors[compression]?.();
  // What fails, of the file or in the decompressor, ends the reading below as well.
  if (decompressor) {
    pipeline(Readable.from(bytes, { objectMode: false }), decompressor, () => undefined);
  }
  const reader = new NarReader();
  try {
    for await (const piece of decompressor ?? bytes) {
      const read = reader.push(piece as Uint8Array);
      if (!read.ok) return;
      yield* read.value;
    }
  } finally {
    decompressor?.destroy();
  }
}
