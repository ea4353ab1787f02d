/**
 * Keeps a pack of derivations and finds the one that holds a derivation. A pack is believed when it
 * has the hash that names it and each file in it owns its path.
 */
import { err, ok, type Result } from '#std/result.js';
import { packKey } from '#domain/substitute/file-key.js';
import type { NarStore, OpenFile } from './ports/nar-store.js';
import type { PackCodec, PackRefusal } from './ports/pack-codec.js';
import type { PackStore } from './ports/pack-store.js';

export interface PackParts {
  readonly codec: PackCodec;
  readonly nars: NarStore;
  readonly packs: PackStore;
}

export interface ArrivingPack {
  readonly slug: string;
  readonly dir: string;
  /** The name that the pack was given: hexadecimal sha-256. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly compression: 'zstd' | 'none';
}

export type StorePackRefusal =
  | PackRefusal
  | { readonly kind: 'unknown-store' }
  | { readonly kind: 'hash-mismatch'; readonly expected: string; readonly actual: string };

export async function storePack(
  parts: PackParts,
  arriving: ArrivingPack,
): Promise<Result<{ id: number; derivations: number }, StorePackRefusal>> {
  const checked = await parts.codec.check(arriving);
  if (!checked.ok) return checked;
  const { hash, derivations, compressed } = checked.value;
  if (hash !== arriving.hash) {
    return err({ kind: 'hash-mismatch', expected: arriving.hash, actual: hash });
  }
  const record = (size: number): Promise<number | null> =>
    parts.packs.record({ slug: arriving.slug, hash, size, derivations });
  const size = await keep(parts.nars, hash, compressed);
  const id = await record(size);
  // The row saves the file from being collected; what went just before is put again.
  const sizeNow = id === null ? size : await keep(parts.nars, hash, compressed);
  if (sizeNow !== size) await record(sizeNow);
  return id === null ? err({ kind: 'unknown-store' }) : ok({ id, derivations });
}

/** The size of what lies there: the first of two equal packs stays. */
async function keep(nars: NarStore, hash: string, bytes: Uint8Array): Promise<number> {
  const key = packKey(hash);
  const present = await nars.size(key);
  if (present !== null) return present;
  const staged = await nars.stage();
  try {
    await staged.write(bytes);
    await staged.finish();
    await staged.commit(key);
  } finally {
    await staged.discard();
  }
  return (await nars.size(key)) ?? bytes.length;
}

export type FoundPack =
  | { readonly kind: 'pack'; readonly hash: string; readonly file: OpenFile }
  | { readonly kind: 'none' }
  /** The row is there and its bytes are not: a fault of ours. */
  | { readonly kind: 'lost'; readonly hash: string };

export async function findPack(
  parts: Pick<PackParts, 'nars' | 'packs'>,
  derivation: { readonly slug: string; readonly path: string },
): Promise<FoundPack> {
  const pack = await parts.packs.holding(derivation.slug, derivation.path);
  if (!pack) return { kind: 'none' };
  const file = await parts.nars.open(packKey(pack.hash));
  if (file?.size === pack.size) return { kind: 'pack', hash: pack.hash, file };
  await file?.close();
  return { kind: 'lost', hash: pack.hash };
}
