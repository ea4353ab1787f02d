/**
 * Measures a nar that goes through a decompressor of Node: the grammar and the hash of `formats`.
 * Decompression runs on the thread pool, bounded in window and in what is buffered.
 */
import type { Transform } from 'node:stream';
import type { NarMeter, NarRefusal } from '#application/ports/nar-meter.js';
import type { NarDigest } from '#domain/substitute/offered-path.js';
import { createSha256, formatHash } from '#formats/hash.js';
import { NarReader } from '#formats/nar.js';
import { err, ok, type Result } from '#std/result.js';

export interface MeterLimits {
  /** Bytes of the nar, decompressed. */
  readonly largestNar: number;
}

/** One of `node:zlib`, which counts what it has taken. */
export type Decompressor = Transform & { readonly bytesWritten: number };

/** Beyond this many bytes a nar must not be more than `steepest` times its compressed size. */
const freeBytes = 1024 ** 3;
const steepest = 5_000;
/** Bytes that a decompressor gives at once. */
export const unfoldedBytes = 256 * 1024;

export class StreamedNarMeter implements NarMeter {
  private readonly reader = new NarReader();
  private readonly hash = createSha256();
  private readonly ended: Promise<void>;
  private compressed = 0;
  private refusal: NarRefusal | undefined;

  constructor(
    private readonly decompressor: Decompressor,
    private readonly limits: MeterLimits,
  ) {
    this.ended = new Promise((resolve) => {
      this.decompressor.on('data', (bytes: Uint8Array) => this.take(bytes));
      this.decompressor.on('end', resolve);
      this.decompressor.on('close', resolve);
      this.decompressor.on('error', (error: Error) => {
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
