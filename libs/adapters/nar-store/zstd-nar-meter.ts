/**
 * The meter of nars that come compressed with zstd: Node's own decompressor, the grammar and the
 * hash of `formats`. Decompression runs on the thread pool, bounded in window and in what is
 * buffered; but a small nar, as most are, is measured in one go, which costs a tenth.
 */
import { createZstdDecompress, zstdDecompressSync, type ZstdDecompress } from 'node:zlib';
import type { NarMeter, NarRefusal } from '#application/ports/nar-meter.js';
import type { NarDigest } from '#domain/substitute/offered-path.js';
import { createSha256, formatHash, sha256 } from '#formats/hash.js';
import { NarReader } from '#formats/nar.js';
import { err, ok, type Result } from '#std/result.js';

export interface MeterLimits {
  /** Bytes of the nar, decompressed. */
  readonly largestNar: number;
}

/** Beyond this many bytes a nar must not be more than `steepest` times its compressed size. */
const freeBytes = 1024 ** 3;
const steepest = 5_000;
const outputBytes = 256 * 1024;

/** Bytes up to which a nar is small: compressed, and decompressed. */
const small = { compressed: 64 * 1024, whole: 512 * 1024 };

export class ZstdNarMeter implements NarMeter {
  private gathered: Uint8Array[] = [];
  private gatheredBytes = 0;
  private streamed: StreamedMeter | undefined;

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
    const streamed = (this.streamed = new StreamedMeter(this.limits));
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

class StreamedMeter implements NarMeter {
  private readonly decompressor: ZstdDecompress;
  private readonly reader = new NarReader();
  private readonly hash = createSha256();
  private readonly ended: Promise<void>;
  private compressed = 0;
  private refusal: NarRefusal | undefined;

  constructor(private readonly limits: MeterLimits) {
    this.decompressor = createZstdDecompress({ chunkSize: outputBytes });
    this.ended = new Promise((resolve) => {
      this.decompressor.on('data', (bytes: Uint8Array) => this.take(bytes));
      this.decompressor.on('end', resolve);
      this.decompressor.on('close', resolve);
      this.decompressor.on('error', (error) => {
        this.refusal ??= { kind: 'not-zstd', detail: error.message };
        resolve();
      });
    });
  }

  async push(bytes: Uint8Array): Promise<Result<void, NarRefusal>> {
    this.compressed += bytes.length;
    if (!this.refusal) {
      const written = new Promise<void>((resolve) => {
        this.decompressor.write(bytes, () => resolve());
      });
      await Promise.race([written, this.ended]);
    }
    return this.refusal ? err(this.refusal) : ok(undefined);
  }

  async finish(): Promise<Result<NarDigest, NarRefusal>> {
    if (!this.refusal) this.decompressor.end();
    await this.ended;
    if (this.refusal) return err(this.refusal);
    // The decompressor stops after one frame and says nothing of what follows it.
    if (this.decompressor.bytesWritten !== this.compressed) {
      return err({ kind: 'not-zstd', detail: 'bytes follow the compressed nar' });
    }
    const finished = this.reader.finish();
    if (!finished.ok) return err(notNar(finished.error));
    const narHash = formatHash({ algorithm: 'sha256', digest: this.hash.digest() });
    return ok({ narHash, narSize: this.hash.bytesSeen });
  }

  close(): void {
    this.decompressor.destroy();
  }

  private take(bytes: Uint8Array): void {
    if (this.refusal) return;
    this.hash.update(bytes);
    const size = this.hash.bytesSeen;
    const limit = Math.min(this.limits.largestNar, Math.max(freeBytes, this.compressed * steepest));
    if (size > limit) return this.refuse({ kind: 'too-large', limit });
    const read = this.reader.push(bytes);
    if (!read.ok) this.refuse(notNar(read.error));
  }

  /** Stops the decompressor at once: what a bomb would still unfold is never made. */
  private refuse(refusal: NarRefusal): void {
    this.refusal = refusal;
    this.decompressor.destroy();
  }
}

function notNar(error: { readonly kind: string; readonly offset: number }): NarRefusal {
  return { kind: 'not-a-nar', detail: error.kind, offset: error.offset };
}
