/**
 * Takes a nar from outside: the bytes are staged and measured in the same pass, get their name when
 * they are on the disk, and only then their row. Whatever goes wrong before leaves nothing behind;
 * bytes that lost their row are garbage to collect, never a broken promise.
 */
import { err, ok, type Result } from '#std/result.js';
import { narKey } from '#domain/substitute/file-key.js';
import type { NarDigest, UploadedNar } from '#domain/substitute/offered-path.js';
import type { NarMeter, NarRefusal, StartMeter } from './ports/nar-meter.js';
import type { NarStore, StagedFile } from './ports/nar-store.js';
import type { Principal, SubstituteStore, UploadRefusal } from './ports/substitute-store.js';

export interface IngestParts {
  readonly nars: NarStore;
  readonly startMeter: StartMeter;
  readonly substitutes: Pick<SubstituteStore, 'recordUpload'>;
}

export interface ArrivingNar {
  readonly slug: string;
  readonly path: string;
  readonly principal: Principal;
  /** Compressed with zstd; an error of it (the sender went away) is thrown on. */
  readonly body: AsyncIterable<Uint8Array>;
  /** What the sender says that the nar's hash is. */
  readonly expectedHash: string | null;
}

export type IngestRefusal =
  | NarRefusal
  | UploadRefusal
  | { readonly kind: 'hash-mismatch'; readonly expected: string; readonly actual: string };

export interface Ingested {
  readonly nar: UploadedNar;
  readonly outcome: 'recorded' | 'repeated';
}

export async function ingestNar(
  parts: IngestParts,
  arriving: ArrivingNar,
): Promise<Result<Ingested, IngestRefusal>> {
  const intake = await NarIntake.open(parts);
  try {
    const received = await intake.receive(arriving.body);
    return received.ok ? await intake.keep(arriving) : received;
  } finally {
    await intake.close();
  }
}

/**
 * A nar that is arriving, in one piece or in several: when its sender goes away, what has come
 * stays, and more may be received after it.
 */
export class NarIntake {
  private received = 0;

  private constructor(
    private readonly parts: IngestParts,
    private readonly staged: StagedFile,
    private readonly meter: NarMeter,
  ) {}

  static async open(parts: IngestParts): Promise<NarIntake> {
    return new NarIntake(parts, await parts.nars.stage(), parts.startMeter());
  }

  /** Bytes that have come, as they travel. */
  get size(): number {
    return this.received;
  }

  /** Every byte goes to the meter and to the staged file. An error of the body is thrown on. */
  async receive(body: AsyncIterable<Uint8Array>): Promise<Result<void, NarRefusal>> {
    for await (const bytes of body) {
      const work = [this.meter.push(bytes), this.staged.write(bytes)] as const;
      const [measured] = await Promise.all(work);
      this.received += bytes.length;
      if (!measured.ok) return measured;
    }
    return ok(undefined);
  }

  async measure(): Promise<Result<NarDigest, NarRefusal>> {
    return this.meter.finish();
  }

  /** The nar is whole: it is measured to its end, and gets its place and its row. */
  async keep(arriving: Omit<ArrivingNar, 'body'>): Promise<Result<Ingested, IngestRefusal>> {
    const digest = await this.measure();
    if (!digest.ok) return digest;
    const { expectedHash: expected } = arriving;
    const actual = digest.value.narHash;
    if (expected !== null && expected !== actual) {
      return err({ kind: 'hash-mismatch', expected, actual });
    }
    return this.keepMeasured(arriving, digest.value);
  }

  /**
   * Bytes first, row second. The row saves the file from being collected; if that was done just
   * before, the file is put again.
   */
  async keepMeasured(
    { slug, path, principal }: Pick<ArrivingNar, 'slug' | 'path' | 'principal'>,
    digest: NarDigest,
  ): Promise<Result<Ingested, UploadRefusal>> {
    const { fileHash, fileSize } = await this.staged.finish();
    const fileKey = narKey(fileHash, 'zstd');
    await this.staged.commit(fileKey);
    const file = { compression: 'zstd' as const, fileHash, fileSize, fileKey };
    const nar: UploadedNar = { slug, path, ...digest, file };
    const { substitutes, nars } = this.parts;
    const recorded = await substitutes.recordUpload(principal, nar);
    if (!recorded.ok) return recorded;
    if ((await nars.size(fileKey)) !== fileSize) await this.staged.commit(fileKey);
    return ok({ nar, outcome: recorded.value });
  }

  async close(): Promise<void> {
    this.meter.close();
    await this.staged.discard();
  }
}
