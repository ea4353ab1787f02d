/**
 * The meter of nars that come compressed with zstd: Node's own decompressor, the grammar and the
 * hash of `formats`. A small nar, as most are, is measured in one go, which costs a tenth; one of
 * middling size in one go in another thread; any other as it comes, with decompression on the
 * thread pool, bounded in window and in what is buffered.
 */
import { createZstdDecompress } from 'node:zlib';
import type { NarMeter, NarRefusal } from '#application/ports/nar-meter.js';
import type { NarDigest } from '#domain/substitute/offered-path.js';
import { ok, type Result } from '#std/result.js';
import type { NarThreads } from './nar-threads.js';
import { StreamedNarMeter, unfoldedBytes, type MeterLimits } from './streamed-nar-meter.js';
import { measureWhole } from './whole-nar.js';

/** Bytes up to which a nar is small or middling: compressed, and decompressed. */
const small = { compressed: 64 * 1024, whole: 512 * 1024 };
const middling = { compressed: 1024 * 1024, whole: 16 * 1024 * 1024 };

export interface ZstdMeterParts extends MeterLimits {
  /** Without them, what is not small is measured as it comes. */
  readonly threads?: NarThreads | undefined;
}

export class ZstdNarMeter implements NarMeter {
  private gathered: Uint8Array[] = [];
  private gatheredBytes = 0;
  private streamed: StreamedNarMeter | undefined;

  constructor(private readonly parts: ZstdMeterParts) {}

  async push(bytes: Uint8Array): Promise<Result<void, NarRefusal>> {
    if (this.streamed) return this.streamed.push(bytes);
    this.gathered.push(bytes);
    this.gatheredBytes += bytes.length;
    const { compressed } = this.parts.threads ? middling : small;
    return this.gatheredBytes <= compressed ? ok(undefined) : this.stream();
  }

  async finish(): Promise<Result<NarDigest, NarRefusal>> {
    if (!this.streamed) {
      const digest = await this.measureAtOnce();
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

  private async measureAtOnce(): Promise<NarDigest | null> {
    const { threads, largestNar } = this.parts;
    if (threads && this.gatheredBytes > small.compressed) {
      return threads.measure(this.gathered, Math.min(middling.whole, largestNar));
    }
    return measureWhole(Buffer.concat(this.gathered), Math.min(small.whole, largestNar));
  }

  private async stream(): Promise<Result<void, NarRefusal>> {
    const decompressor = createZstdDecompress({ chunkSize: unfoldedBytes });
    const streamed = (this.streamed = new StreamedNarMeter(decompressor, this.parts));
    const pieces = this.gathered.splice(0);
    for (const piece of pieces) {
      const pushed = await streamed.push(piece);
      if (!pushed.ok) return pushed;
    }
    return ok(undefined);
  }
}
