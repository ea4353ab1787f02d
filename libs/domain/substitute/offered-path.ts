/**
 * What the farm keeps of a store path that can be downloaded. Paths are base names (`HASH-NAME`);
 * hashes are `sha256:<nix32>`; sizes are bytes.
 */

/** One file that holds the path's nar. */
export interface NarFile {
  readonly compression: Compression;
  /** Of the file as it lies there. */
  readonly fileHash: string;
  readonly fileSize: number;
  /** The file's name among nars, in the store and in its address. */
  readonly fileKey: string;
}

export type Compression = 'zstd' | 'none' | 'gzip' | 'lzip';

export interface NarDigest {
  readonly narHash: string;
  readonly narSize: number;
}

export interface OfferedPath extends NarDigest {
  readonly id: number;
  /** `/nix/store` and the like. */
  readonly dir: string;
  readonly path: string;
  /** Ascending by bytes; the path itself among them when it refers to itself. */
  readonly references: readonly string[];
  readonly deriver: string | null;
  readonly ca: string | null;
  readonly files: readonly NarFile[];
  /** Those that it was pushed with (`NAME:BASE64`), beside what the farm signs. */
  readonly signatures: readonly string[];
}

/** A nar that has arrived and whose hash was recomputed here. */
export interface UploadedNar extends NarDigest {
  readonly slug: string;
  readonly path: string;
  readonly file: NarFile;
}
