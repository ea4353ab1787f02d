/**
 * The meter of nars that come compressed with zstd: Node's own decompressor, the grammar and the
 * hash of `formats`. Decompression runs on the thread pool, bounded in window and in what is
 * buffered; but a small nar, as most are, is measured in one go, which costs a tenth.
 */
import { createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { NarMeter, NarRefusal } from '#application/ports/nar-meter.js';
import type { NarDigest } from '#domain/substitute/offered-path.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { NarReader } from '#formats/nar.js';
import { ok, type Result } from '#std/result.js';
import { StreamedNarMeter, unfoldedBytes, type MeterLimits } from './streamed-nar-meter.js';

/** Bytes up to which a nar is small: compressed, and decompressed. */
const small = { compressed: 64 * 1024, whole: 512 * 1024 };

export class ZstdNarMeter implements NarMeter {
  private gathered: Uint8Array[] = [];
  private gatheredBytes = 0;
  private streamed: StreamedNarMeter | undefined;

  constructor(private readonly limits: MeterLimits) {}

  async push(bytes: Uint8Array): Promise<Result<void, NarRefusal>> {
    if (this.streamed) return this.streamed.push(bytes);
    this.gathered.push(bytes);
    this.gatheredBytes += bytes.length;
    if (this.gatheredBytes <= small.compressed) return ok(undefined);
    return this.stream();
  }

  async finish(): Promise<Result<NarDigest, NarRefusal>> {
    if (!this.streamed) {
      const digest = measureSmall(Buffer.concat(this.gathered), this.limits);
      if (digest) return ok(digest);
      // What is wrong with it, or that it is larger than it looked, the stream finds out.
      const streamed = await this.stream();
      if (!streamed.ok) return streamed;
    }
    return this.streamed!.finish();
  }

  close(): void {
    this.streamed?.close();
  }

  private async stream(): Promise<Result<void, NarRefusal>> {
    const streamed = (this.streamed = zstdMeter(this.limits));
    const pieces = this.gathered.splice(0);
    for (const piece of pieces) {
      const pushed = await streamed.push(piece);
      if (!pushed.ok) return pushed;
    }
    return ok(undefined);
  }
}

/** Null when it is not a whole small nar in one frame of zstd and nothing more. */
function measureSmall(compressed: Uint8Array, { largestNar }: MeterLimits): NarDigest | null {
  const nar = decompressSmall(compressed);
  if (!nar || nar.length > largestNar) return null;
  const reader = new NarReader();
  if (!reader.push(nar).ok || !reader.finish().ok) return null;
  const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
  return { narHash, narSize: nar.length };
}

interface Decompressed {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

function decompressSmall(compressed: Uint8Array): Uint8Array | null {
  try {
    const options = { info: true, maxOutputLength: small.whole };
    const done = zstdDecompressSync(compressed, options) as unknown as Decompressed;
    return done.engine.bytesWritten === compressed.length ? done.buffer : null;
  } catch {
    return null;
  }
}

function zstdMeter(limits: MeterLimits): StreamedNarMeter {
  return new StreamedNarMeter(createZstdDecompress({ chunkSize: unfoldedBytes }), limits);
}
