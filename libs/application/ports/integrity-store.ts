/**
 * What is offered, as a check goes through it, and what is written of what a check finds. Every
 * method throws FarmFault `database-unavailable`.
 */
import type { FileKey } from '#domain/substitute/file-key.js';
import type { PathToCheck } from '#domain/substitute/integrity.js';
import type { StoreId } from '#domain/substitute/store.js';

/** Which of the offered paths come next, in the order of their ids. */
export interface Selection {
  /** Null: every store. */
  readonly store: StoreId | null;
  /** In ten thousandths, told apart by the seed. */
  readonly share: number;
  readonly seed: number;
}

export interface Page {
  readonly after: number;
  readonly limit: number;
}

export type Finder =
  | { readonly by: 'serving' | 'scrub' | 'encoding' }
  | { readonly by: 'verification'; readonly verification: number };

export interface Finding {
  readonly store: StoreId;
  /** Base name; null for a file that belongs to no path. */
  readonly path: string | null;
  readonly fileKey: string | null;
  readonly kind: string;
  readonly detail: string;
}

/** A path of which some files are broken. */
export interface BrokenPath {
  readonly id: number;
  readonly path: string;
  readonly findings: readonly Finding[];
  readonly brokenFiles: readonly string[];
}

export interface Withdrawal {
  readonly path: string;
  /** Null: the farm does not know how it is built. */
  readonly build: number | null;
}

export interface IntegrityStore {
  offered(selection: Selection, page: Page): Promise<PathToCheck[]>;
  /** The offered paths that a file of this name holds. */
  holding(fileKey: string): Promise<PathToCheck[]>;
  /** What is found and left as it is. */
  tell(finder: Finder, findings: readonly Finding[]): Promise<void>;
  /**
   * Takes the broken files from the path and, when none is left, withdraws it with what was made
   * beside it and schedules its build again, in one transaction that tells every substituter.
   * Answers what was withdrawn; nothing when the path has changed meanwhile.
   */
  takeBack(finder: Finder, broken: BrokenPath): Promise<readonly Withdrawal[]>;
  /** Those of the files that no row names. */
  unnamed(files: readonly FileKey[]): Promise<FileKey[]>;
  /** Packs and uploads, as the files that they must have; in the order of their names. */
  otherFiles(after: string, limit: number): Promise<readonly NamedFile[]>;
}

export interface NamedFile {
  readonly fileKey: string;
  readonly size: number;
  readonly store: StoreId;
  readonly of: 'pack' | 'upload' | 'product';
}
