/** Reads one file out of a nar. */
import type { Compression, NarDigest } from '#domain/substitute/offered-path.js';
import type { FoundInNar } from '#formats/nar/found.js';

export interface FileInNar {
  readonly compression: Compression;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** From the root of the archive, in parts. */
  readonly way: readonly string[];
  /** Takes the contents, if the way leads to a file. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** It is given up where it is longer. */
  readonly narSize: number;
}

export interface ReadNar {
  readonly found: FoundInNar;
  readonly digest: NarDigest;
}

/** Null when the file holds no whole nar, or in an encoding that cannot be read here. */
export type ReadFileInNar = (wanted: FileInNar) => Promise<ReadNar | null>;
