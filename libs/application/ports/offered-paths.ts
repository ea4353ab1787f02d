/**
 * What is offered, as those ask who download: by hash part, or by the name of a file. Withdrawn
 * paths are not offered.
 */
import type { FileKey } from '#domain/substitute/file-key.js';
import type { Compression, OfferedPath } from '#domain/substitute/offered-path.js';

export interface ToldPath extends OfferedPath {
  /** Milliseconds since 1970. */
  readonly offeredAt: number;
}

/** A file of an offered path. */
export interface ToldFile {
  readonly fileKey: FileKey;
  readonly compression: Compression;
  readonly fileHash: string;
  /** Bytes. */
  readonly fileSize: number;
  /** Of a path that it belongs to; equal files belong to several. */
  readonly path: string;
}

export interface ReadPaths {
  readonly store: number;
  readonly hashParts: readonly string[];
}

/** Every method throws FarmFault `database-unavailable`. */
export interface OfferedPaths {
  /** Null when nothing is offered under the hash part. Many calls at a time travel together. */
  lookup(store: number, hashPart: string): Promise<ToldPath | null>;
  /** Null when no offered path of the store has such a file. */
  file(store: number, fileKey: string): Promise<ToldFile | null>;
  /** Writes that these paths were read now; those that are not there any more are passed over. */
  noteReads(read: ReadPaths): Promise<void>;
}
