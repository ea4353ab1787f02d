/**
 * The specifications of the farm. Every edit is a new version; nothing is deleted, an archived name
 * may be used again by a new specification with a new id.
 */
import type { Result } from '#std/result.js';
import type { SpecificationId } from '#domain/ids.js';
import type { Specification } from '#domain/specification/specification.js';

export interface StoredSpecification {
  readonly id: SpecificationId;
  readonly name: string;
  /** Counts from 1 for each id. */
  readonly version: number;
  readonly specification: Specification;
  /** Whose text says what it is: `file:NAME`, `repository:NAME`; null: whoever edits it here. */
  readonly managedBy: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Somebody else was faster: `version` is what stands now, 0 when there is none of that name. */
export interface VersionConflict {
  readonly kind: 'conflict';
  readonly version: number;
}

export interface SpecificationStore {
  /** Those not archived, by name. */
  list(): Promise<StoredSpecification[]>;
  find(name: string): Promise<StoredSpecification | null>;
  /**
   * Writes under the specification's name. `expectedVersion` is the version that the writer has
   * seen, 0 when there must be none yet, null when that does not matter. A document equal to the
   * one that stands makes no new version. The next poll is due at once. `managedBy` is written
   * with it; without one, who keeps it does not change.
   */
  save(
    specification: Specification,
    expectedVersion: number | null,
    managedBy?: string | null,
  ): Promise<Result<StoredSpecification, VersionConflict>>;
  /**
   * Its evaluations wish for nothing any more: intents to cancel their builds are left in the same
   * transaction. False when no live specification has that name.
   */
  archive(name: string): Promise<boolean>;
}
