/** Reads one file out of a nar as it unfolds; nothing is held but what streams. */
import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { FileInNar, ReadNar } from '#application/ports/file-in-nar.js';
import type { Compression } from '#domain/substitute/offered-path.js';
import { createSha256, formatHash } from '#formats/hash.js';
import { NarReader } from '#formats/nar.js';
import { NarFinder } from '#formats/nar/finder.js';
import { unfoldedBytes } from './streamed-nar-meter.js';

const chunk = { chunkSize: unfoldedBytes };
const decompressors: Partial<Record<Compression, () => Transform>> = {
  zstd: () => createZstdDecompress(chunk),
  gzip: () => createGunzip(chunk),
};

export async function readFileInNar(wanted: FileInNar): Promise<ReadNar | null> {
  const { compression, bytes } = wanted;
  if (compression === 'none') return readPlain(wanted, bytes);
  const decompressor = decompressors[compression]?.();
  if (!decompressor) return null;
  // What fails, of the file or in the decompressor, ends the reading below as well.
  pipeline(Readable.from(bytes, { objectMode: false }), decompressor, () => undefined);
  try {
    return await readPlain(wanted, decompressor);
  } catch (error) {
    if (isOfZlib(error)) return null;
    throw error;
  } finally {
    decompressor.destroy();
  }
}

async function readPlain(
  { way, write, narSize }: FileInNar,
  nar: AsyncIterable<Uint8Array>,
): Promise<ReadNar | null> {
  const contents: Uint8Array[] = [];
  const finder = new NarFinder(way, (bytes) => contents.push(bytes));
  const reader = new NarReader();
  const hash = createSha256();
  for await (const bytes of nar) {
    hash.update(bytes);
    const read = reader.push(bytes);
    if (!read.ok || hash.bytesSeen > narSize) return null;
    for (const event of read.value) finder.take(event);
    for (const piece of contents.splice(0)) await write(piece);
  }
  if (!reader.finish().ok) return null;
  const narHash = formatHash({ algorithm: 'sha256', digest: hash.digest() });
  return { found: finder.found, digest: { narHash, narSize: hash.bytesSeen } };
}

/** Bytes that are no stream of that compression; a disk that fails is another matter. */
function isOfZlib(error: unknown): boolean {
  return /^(Z_|ZSTD_|ERR_ZLIB)/.test(String((error as NodeJS.ErrnoException).code ?? ''));
}
