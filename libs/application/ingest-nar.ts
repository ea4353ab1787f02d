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
  const staged = await parts.nars.stage();
  const meter = parts.startMeter();
  try {
    const digest = await receive(arriving.body, staged, meter);
    if (!digest.ok) return digest;
    const { expectedHash: expected } = arriving;
    const actual = digest.value.narHash;
    if (expected !== null && expected !== actual) {
      return err({ kind: 'hash-mismatch', expected, actual });
    }
    return await keepNar(parts, { arriving, staged, digest: digest.value });
  } finally {
    meter.close();
    await staged.discard();
  }
}

/** Every byte goes to the meter and to the staged file. */
export async function receive(
  body: AsyncIterable<Uint8Array>,
  staged: StagedFile,
  meter: NarMeter,
): Promise<Result<NarDigest, NarRefusal>> {
  for await (const bytes of body) {
    const [measured] = await Promise.all([meter.push(bytes), staged.write(bytes)]);
    if (!measured.ok) return measured;
  }
  return meter.finish();
}

export interface WholeNar {
  readonly arriving: Pick<ArrivingNar, 'slug' | 'path' | 'principal'>;
  readonly staged: StagedFile;
  readonly digest: NarDigest;
}

/**
 * Bytes first, row second. The row saves the file from being collected; if that was done just
 * before, the file is put again.
 */
export async function keepNar(
  parts: Pick<IngestParts, 'nars' | 'substitutes'>,
  { arriving, staged, digest }: WholeNar,
): Promise<Result<Ingested, UploadRefusal>> {
  const { slug, path, principal } = arriving;
  const { fileHash, fileSize } = await staged.finish();
  const fileKey = narKey(fileHash, 'zstd');
  await staged.commit(fileKey);
  const file = { compression: 'zstd' as const, fileHash, fileSize, fileKey };
  const nar: UploadedNar = { slug, path, ...digest, file };
  const recorded = await parts.substitutes.recordUpload(principal, nar);
  if (!recorded.ok) return recorded;
  if ((await parts.nars.size(fileKey)) !== fileSize) await staged.commit(fileKey);
  return ok({ nar, outcome: recorded.value });
}
