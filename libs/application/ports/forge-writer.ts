/** Writes the statuses of commits to their forges. */
import type { Cancellation } from '#std/cancellation.js';
import type { CommitWord } from '#domain/forge/commit-status.js';
import type { Forge } from '#domain/forge/forge.js';
import type { Outcome } from '#domain/notification/timing.js';

export interface CommitStatus {
  readonly repository: string;
  readonly revision: string;
  readonly context: string;
  readonly word: CommitWord;
  readonly description: string;
  readonly url: string;
}

export interface ForgeAnswer {
  readonly outcome: Outcome;
  /** A limit of the forge is reached: seconds until it may be asked again. */
  readonly restSeconds: number;
}

/** Ends within its own time limit; whatever it throws is ours and not the forge's answer. */
export type ForgeWriter = (
  forge: Forge,
  status: CommitStatus,
  cancellation: Cancellation,
) => Promise<ForgeAnswer>;
