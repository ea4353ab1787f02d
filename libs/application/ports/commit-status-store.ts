/** What the statuses of commits shall be, and what forges answered, in Postgres. */
import type { CommitVerdict, CommitWord, Standing } from '#domain/forge/commit-status.js';
import type { Settlement } from '#domain/notification/timing.js';
import type {
  BuildId,
  CommitStatusId,
  EvaluationId,
  ForgeId,
  SpecificationId,
} from '#domain/ids.js';

/** An evaluation whose commits have no status yet. */
export interface NewEvaluation {
  readonly evaluation: EvaluationId;
  readonly specification: SpecificationId;
  readonly name: string;
  readonly checkouts: readonly { readonly url: string; readonly revision: string }[];
  /** The pull request that the specification was made for: its commit is this one. */
  readonly request: {
    readonly forge: ForgeId;
    readonly repository: string;
    readonly revision: string;
  } | null;
}

export interface CommitWish {
  readonly forge: ForgeId;
  readonly repository: string;
  readonly revision: string;
  readonly context: string;
  readonly specification: SpecificationId;
  readonly evaluation: EvaluationId;
}

export interface UnsettledStatus {
  readonly id: CommitStatusId;
  readonly word: CommitWord | null;
  readonly description: string;
  readonly standing: Standing;
}

export interface ClaimedStatus {
  readonly id: CommitStatusId;
  readonly claim: string;
  readonly forge: ForgeId;
  readonly repository: string;
  readonly revision: string;
  readonly context: string;
  readonly word: CommitWord;
  readonly description: string;
  readonly evaluation: EvaluationId;
  readonly build: BuildId | null;
  /** This try among all of this word, counted from 1. */
  readonly tries: number;
}

export interface SettledStatus {
  readonly settlement: Settlement;
  readonly answer: string;
  /** The forge wants to be left alone for so long, with all that waits for it. */
  readonly forgeRestsSeconds: number;
}

/** Every method throws FarmFault `database-unavailable`. */
export interface CommitStatusStore {
  /** Of the last day. */
  unseen(atMost: number): Promise<readonly NewEvaluation[]>;
  /** Leaves out repositories that refused a status within a day. */
  wish(wishes: readonly CommitWish[]): Promise<void>;
  /** Those that may still change: unsettled ones, and failures of the last week. */
  unsettled(atMost: number): Promise<readonly UnsettledStatus[]>;
  judge(id: CommitStatusId, verdict: CommitVerdict): Promise<void>;
  dueForges(): Promise<readonly ForgeId[]>;
  claim(forge: ForgeId, seconds: number): Promise<ClaimedStatus | null>;
  /** False when another word is wanted by now, or the claim had run out. */
  settle(id: CommitStatusId, claim: string, settled: SettledStatus): Promise<boolean>;
}
