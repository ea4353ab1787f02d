/** Which build products are wished for, and what became of the wishes. */
import type { NarFile } from '#domain/substitute/offered-path.js';
import type { FileKey } from '#domain/substitute/file-key.js';

/** A wish whose build has succeeded; nobody else takes it up for a while. */
export interface WishedProduct {
  readonly id: number;
  /** Inside the output. */
  readonly path: string;
  /** Null when the derivation has no such output. */
  readonly source: ProductSource | null;
}

export interface ProductSource {
  /** The id of the offered path. */
  readonly pathId: number;
  readonly dir: string;
  /** Base name. */
  readonly storePath: string;
  readonly narHash: string;
  readonly narSize: number;
  readonly files: readonly NarFile[];
}

export interface TakenProduct {
  readonly pathId: number;
  readonly fileName: string;
  /** `sha256:<nix32>`. */
  readonly fileHash: string;
  readonly fileSize: number;
  readonly fileKey: FileKey;
}

export interface ProductStore {
  /**
   * Writes down what evaluations that have ended wish for; how many evaluations it looked at, a
   * bounded number at once.
   */
  wish(): Promise<number>;
  /** The next wish that can be fulfilled; null when there is none now. */
  claim(): Promise<WishedProduct | null>;
  /** False when the output is no longer offered: the wish then stands. */
  take(id: number, product: TakenProduct): Promise<boolean>;
  /** For good: the output will not change. */
  refuse(id: number, why: string): Promise<void>;
  /** Its file got lost: it is wished for again. */
  giveBack(id: number, fileKey: FileKey): Promise<void>;
}
