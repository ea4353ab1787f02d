/**
 * How the planner's memory follows Postgres. A position names a snapshot of the database: changes
 * are those that the snapshot could not see, whenever their transactions began. Times are
 * milliseconds since 1970 on the database's clock.
 */
import type { Brand } from '#std/brand.js';
import type { BuildChange, PlannerBuild } from '#domain/scheduling/planner.js';
import type { BuildId, EvaluationId, SpecificationId } from '#domain/ids.js';

export type FeedPosition = Brand<string, 'FeedPosition'>;

/**
 * A build with those of its inputs that have not succeeded. Who demands it is not stored: it is
 * walked.
 */
export type GraphBuild = Omit<PlannerBuild, 'specifications'>;

/** A specification whose live evaluation has a job that points at the build. */
export interface Demanded {
  readonly build: BuildId;
  readonly specification: SpecificationId;
}

export interface GraphPart {
  readonly position: FeedPosition;
  readonly now: number;
  /**
   * Unfinished builds by ascending id, and final ones that one of them needs and that did not
   * succeed.
   */
  readonly builds: readonly GraphBuild[];
  readonly demanded: readonly Demanded[];
}

export interface FeedChange extends BuildChange {
  /** It was inserted by what is new: nothing older can need it. */
  readonly inserted: boolean;
}

export interface FeedChanges {
  readonly position: FeedPosition;
  readonly now: number;
  readonly builds: readonly FeedChange[];
  readonly evaluations: readonly EvaluationId[];
}

export interface PlannerStore {
  /** Everything unfinished, as one snapshot saw it; every part bears the same position. */
  load(): AsyncIterable<GraphPart>;
  /** Null when the position is so old that changes since then were forgotten: load again. */
  changes(since: FeedPosition): Promise<FeedChanges | null>;
  /** Those of the builds that are not final, with the final ones that hold them back. */
  builds(builds: readonly BuildId[]): Promise<readonly GraphBuild[]>;
  /** Unfinished builds that need one of these. */
  dependents(builds: readonly BuildId[]): Promise<readonly BuildId[]>;
  demanded(builds: readonly BuildId[]): Promise<readonly Demanded[]>;
  /** Forgets changes that everybody read who is not older than this position; a bounded slice. */
  forget(read: FeedPosition): Promise<void>;
}

/** The jobs of an evaluation that were told after one of them. */
export interface EvaluationJobs {
  readonly specification: SpecificationId;
  /** False once it has ended or was given up: nothing more is told. */
  readonly open: boolean;
  /** Whether what it names is still wanted. */
  readonly live: boolean;
  /** The last job's id; 0 when there is none. */
  readonly last: number;
  readonly builds: readonly BuildId[];
}

export interface EvaluationJobStore {
  jobs(evaluation: EvaluationId, after: number): Promise<EvaluationJobs | null>;
  /** The unfinished builds that its jobs point at. */
  unfinished(evaluation: EvaluationId): Promise<readonly BuildId[]>;
}

/** What Postgres says of a slice of the unfinished builds, and what has changed until then. */
export interface AuditSlice {
  readonly changes: FeedChanges;
  readonly counts: readonly { readonly build: BuildId; readonly unfinishedInputs: number }[];
  /** The last id that was looked at; null when the slice reached the end. */
  readonly last: BuildId | null;
}

export interface AuditStore {
  /** The changes and the counts are of one snapshot; null as `changes` answers it. */
  slice(since: FeedPosition, after: number, limit: number): Promise<AuditSlice | null>;
}

export interface DurationStore {
  /** Learns from the last successful attempt of each of these builds. */
  learn(builds: readonly BuildId[]): Promise<void>;
}
