/**
 * Where the bytes of nars and derivation packs lie, named by their hashes: on a disk, or in an
 * object store. A file is written once and never changes; what is there under a name is whole.
 */
import type { FileKey } from '#domain/substitute/file-key.js';

export interface ByteRange {
  /** The first byte. */
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

export interface OpenFile {
  /** Of the whole file. */
  readonly size: number;
  /** The bytes of the range that was asked for. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /**
   * The same bytes by a faster way, where there is one; then `bytes` is left alone. A piece is good
   * until `write` resolves, and what `write` rejects with ends it.
   */
  copyTo?(write: (bytes: Uint8Array) => Promise<void>): Promise<void>;
  /** Must be called when `bytes` is not read to its end; harmless otherwise. */
  close(): Promise<void>;
}

/** A file that nobody sees yet. One call at a time. */
export interface StagedFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Of all that was written: `sha256:<nix32>`, and bytes. Nothing can be written after it. */
  finish(): Promise<{ readonly fileHash: string; readonly fileSize: number }>;
  /**
   * Makes the bytes safe and gives them their name. A file of that name ought to be the same; when
   * it is not, it is replaced. May be repeated until `discard`: a collector may have taken the file
   * away meanwhile.
   */
  commit(key: FileKey): Promise<void>;
  /** Leaves nothing behind; harmless after `commit` and when repeated. */
  discard(): Promise<void>;
}

/** Every method throws FarmFault: `disk-full`, or `file-unreadable`. */
export interface NarStore {
  stage(): Promise<StagedFile>;
  /** Null when there is no such file. Without a range, all of it. */
  open(key: FileKey, range?: ByteRange): Promise<OpenFile | null>;
  /** Bytes; null when there is no such file. */
  size(key: FileKey): Promise<number | null>;
  /** Whether there was one. */
  remove(key: FileKey): Promise<boolean>;
  /** Removes staged files that nobody writes to since so many seconds: their process died. */
  sweepStaged(olderThanSeconds: number): Promise<number>;
}

export interface StoredFile {
  readonly key: FileKey;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

/** The same place as those see it who look after it. Throws FarmFault `file-unreadable`. */
export interface NarInventory {
  /** Every file, in no order; what comes or goes meanwhile may be missing. */
  list(): AsyncIterable<StoredFile>;
  /**
   * Takes a file out of the store and keeps it aside for people; whether there was one. A file that
   * is put again under that name is not touched.
   */
  quarantine(key: FileKey): Promise<boolean>;
}
