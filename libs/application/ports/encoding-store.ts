/**
 * Which offered paths lack encodings. What lacks is read from what is there, so that nothing is
 * forgotten. Every method throws FarmFault `database-unavailable`.
 */
import type { AddableEncoding, EncodedStore } from '#domain/substitute/encodings.js';
import type { NarDigest, NarFile } from '#domain/substitute/offered-path.js';
import type { StoreId } from '#domain/substitute/store.js';

export interface EncodablePath extends NarDigest {
  readonly id: number;
  readonly store: StoreId;
  readonly path: string;
  readonly files: readonly NarFile[];
}

export interface Wish {
  readonly store: StoreId;
  readonly wanted: readonly AddableEncoding[];
}

export interface Lacking {
  readonly paths: readonly EncodablePath[];
  /** The last path that was looked at; null when there is none beyond `after`. */
  readonly last: number | null;
}

export interface EncodingStore {
  stores(): Promise<EncodedStore[]>;
  /** Looks at so many paths after one, in the order of their ids. */
  lacking(wishes: readonly Wish[], after: number, looked: number): Promise<Lacking>;
  /** False when the path is not offered any more as it was; tells every substituter else. */
  add(path: EncodablePath, file: NarFile): Promise<boolean>;
}
