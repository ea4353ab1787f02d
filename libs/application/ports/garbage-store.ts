/**
 * What the farm lets go, row by row. Everything is looked at once more under its lock in the
 * transaction that removes it, so that a plan made before may be wrong and does no harm. Every
 * method throws FarmFault `database-unavailable`.
 */
import type { PathCandidate } from '#domain/retention/collection-plan.js';
import type { EvaluationAge, RetentionPolicy } from '#domain/retention/kept-evaluations.js';

export type CollectionWisher = 'person' | 'clock' | 'disk';

/** A collection of garbage that somebody wished for. */
export interface Collection {
  readonly id: number;
  readonly wishedBy: CollectionWisher;
  /** Says what would go, and lets nothing go. */
  readonly dryRun: boolean;
  /** Ends when so many bytes are let go; null: everything that may go. */
  readonly wantedBytes: number | null;
}

export type CollectionPhase = 'evaluations' | 'derivations' | 'looking' | 'paths' | 'packs';

/** What was let go; in a dry run what would be. */
export interface Collected {
  readonly evaluations: number;
  readonly derivations: number;
  readonly pathsLooked: number;
  /** Paths that nothing keeps. */
  readonly pathsFound: number;
  readonly paths: number;
  /** Of files that nothing names any more. */
  readonly bytes: number;
  readonly packs: number;
  readonly logs: number;
}

export interface CollectionLog {
  /** The oldest that is not finished. */
  next(): Promise<Collection | null>;
  /** The counts are those of the whole collection so far. */
  progress(collection: Collection, phase: CollectionPhase, so: Collected): Promise<void>;
  finish(collection: Collection, so: Collected, fault: string | null): Promise<void>;
  /**
   * Wishes for one, unless one waits or is under way, or one of the same wisher ended less than so
   * many seconds ago, or no evaluation is older than that. Answers whether it did.
   */
  wish(by: CollectionWisher, secondsBetween: number): Promise<boolean>;
}

export interface AgingSpecification extends RetentionPolicy {
  readonly evaluations: readonly EvaluationAge[];
}

export interface EvaluationGarbage {
  /** Of every specification, the evaluations that are not pruned. */
  aging(): Promise<readonly AgingSpecification[]>;
  /**
   * Removes its jobs and its log, in bounded batches; its row stays. Answers with false when it is
   * read, released, or has unfinished builds after all.
   */
  prune(evaluation: number): Promise<boolean>;
  /** Drops what holds the jobs and attempts of nothing but pruned evaluations. */
  dropEmpty(): Promise<void>;
}

export interface RemovedDerivations {
  readonly derivations: number;
  readonly logs: number;
  /** Where to go on; null at the end. */
  readonly next: number | null;
}

export interface LookedPaths {
  readonly looked: number;
  /** Nothing keeps them but what refers to them; in the descending order of their ids. */
  readonly candidates: readonly PathCandidate[];
  readonly next: number | null;
}

export interface RemovedPaths {
  readonly paths: number;
  readonly bytes: number;
}

/** One look and what follows from it; one call at a time. */
export interface GarbageSession {
  /**
   * Finds the derivations that nothing leads to but these evaluations, and condemns them unless
   * nothing shall change. Answers how many there are.
   */
  condemnDerivations(without: readonly number[]): Promise<number>;
  /**
   * Removes condemned derivations that no reading under way may take for known and nothing needs,
   * with builds, attempts and logs, in the descending order of their ids.
   */
  removeDerivations(before: number | null): Promise<RemovedDerivations>;
  /** The next window of all paths, in the descending order of their ids. */
  lookAtPaths(before: number | null): Promise<LookedPaths>;
  /** Those of them that still may go, together with all that refers to them. */
  removePaths(paths: readonly number[]): Promise<RemovedPaths>;
  /** Packs that no derivation lies in, and uploads that nobody offered. */
  removeLooseEnds(): Promise<{ readonly packs: number; readonly bytes: number }>;
  /** Ends the session; nothing of it is left. */
  close(): Promise<void>;
}

export interface GarbageStore {
  open(dryRun: boolean): Promise<GarbageSession>;
}

/** Of the bytes: files and logs that no row names any more. */
export interface CondemnedFile {
  readonly key: string;
  readonly kind: 'nar' | 'log';
}

export interface CondemnedFiles {
  /**
   * Calls `unlink` for some files that were condemned so many seconds ago and are named by nothing
   * still; whoever comes to name one meanwhile waits until it is gone. A file whose unlink throws
   * stays condemned. Answers how many went.
   */
  unlinkSome(
    olderThanSeconds: number,
    unlink: (file: CondemnedFile) => Promise<void>,
  ): Promise<number>;
  /** Condemns those of the files that no row names. Answers their bytes. */
  condemn(files: readonly { readonly key: string; readonly size: number }[]): Promise<number>;
}
