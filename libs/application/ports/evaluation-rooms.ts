/**
 * A directory on disk for one reading of an evaluation: its checkouts and what it writes besides.
 */
import type { EvaluationId } from '#domain/ids.js';

export interface EvaluationRoom {
  /** The evaluation's own, empty at first. */
  readonly workDirectory: string;
  /** Where a channel's checkout goes; does not exist yet. */
  checkoutOf(channel: string): string;
  /** Where a repository of the channel goes; does not exist yet. */
  repositoryOf(channel: string): string;
  /** Removes all of it, read-only files too. */
  close(): Promise<void>;
}

export interface EvaluationRooms {
  open(evaluation: EvaluationId): Promise<EvaluationRoom>;
}
