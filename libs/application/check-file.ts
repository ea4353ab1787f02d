/**
 * Reads a file of an offered path to its end and says what is wrong with it. A flaw is believed
 * when a second reading finds one, too: memory and cables err more often than disks.
 */
import { FarmFault } from '#std/farm-fault.js';
import { parseFileKey } from '#domain/substitute/file-key.js';
import { flawOf, type Flaw } from '#domain/substitute/integrity.js';
import type { Compression, NarDigest, NarFile } from '#domain/substitute/offered-path.js';
import type { NarMeter } from './ports/nar-meter.js';
import type { NarStore, OpenFile } from './ports/nar-store.js';

/** Hashes a file as it lies there. */
export interface FileHash {
  update(bytes: Uint8Array): void;
  finish(): { readonly fileHash: string; readonly fileSize: number };
}

export interface CheckParts {
  readonly nars: Pick<NarStore, 'open' | 'size'>;
  readonly startHash: () => FileHash;
  /** Null for an encoding that cannot be undone here. */
  readonly startMeter: (compression: Compression) => NarMeter | null;
  /** Resolves when so many bytes more may be read. */
  readonly spend: (bytes: number) => Promise<void>;
}

export async function checkFile(
  parts: CheckParts,
  expected: NarDigest,
  file: NarFile,
): Promise<Flaw | null> {
  const flaw = await readOnce(parts, expected, file);
  if (!flaw || flaw.kind === 'file-missing') return flaw;
  return readOnce(parts, expected, file);
}

async function readOnce(
  parts: CheckParts,
  expected: NarDigest,
  file: NarFile,
): Promise<Flaw | null> {
  const key = parseFileKey(file.fileKey);
  const open = key && (await parts.nars.open(key));
  if (!open) return { kind: 'file-missing', detail: 'there is no such file' };
  try {
    if (open.size !== file.fileSize) {
      const detail = `expected ${file.fileSize}, found ${open.size}`;
      return { kind: 'file-size', detail };
    }
    return await readThrough(parts, { expected, file, open });
  } catch (thrown) {
    const bad = isUnreadable(thrown);
    if (bad) return { kind: 'file-unreadable', detail: 'the disk cannot read it' };
    throw thrown;
  } finally {
    await open.close();
  }
}

interface Reading {
  readonly expected: NarDigest;
  readonly file: NarFile;
  readonly open: OpenFile;
}

async function readThrough(
  parts: CheckParts,
  { expected, file, open }: Reading,
): Promise<Flaw | null> {
  const meter = parts.startMeter(file.compression);
  const hash = parts.startHash();
  let refused: string | null = null;
  try {
    for await (const bytes of open.bytes) {
      await parts.spend(bytes.length);
      hash.update(bytes);
      // The hash of the whole file is of use even when it is no nar.
      if (meter && refused === null) refused = await pushed(meter, bytes);
    }
    const seen = hash.finish();
    const broken = flawOf(expected, file, { ...seen, nar: null });
    if (broken || !meter) return broken;
    const nar = refused === null ? await meter.finish() : null;
    if (nar?.ok) return flawOf(expected, file, { ...seen, nar: nar.value });
    const detail = refused ?? (nar ? nar.error.kind : '');
    return { kind: 'not-a-nar', detail: `it cannot be unpacked: ${detail}` };
  } finally {
    meter?.close();
  }
}

/** Why it is refused; null when it is not. */
async function pushed(meter: NarMeter, bytes: Uint8Array): Promise<string | null> {
  const done = await meter.push(bytes);
  return done.ok ? null : done.error.kind;
}

/** A sector that is gone; that a disk or a server is away is another matter. */
function isUnreadable(thrown: unknown): boolean {
  if (thrown instanceof FarmFault) return thrown.code === 'corrupt-data';
  return (thrown as { code?: unknown } | null)?.code === 'EIO';
}
