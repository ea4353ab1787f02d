/**
 * How far verifications and the scrub have come; kept, so that another process goes on where one
 * ended. Every method throws FarmFault `database-unavailable`.
 */
import type { Selection } from './integrity-store.js';

export interface Verification extends Selection {
  readonly id: number;
  readonly repair: boolean;
  readonly after: number;
}

/** What was seen since the last step. */
export interface Seen {
  readonly paths: number;
  readonly bytes: number;
  /** Paths of which a file is broken. */
  readonly broken: number;
  /** Paths that refer to what is not offered. */
  readonly incomplete: number;
}

export interface Orphans {
  readonly files: number;
  readonly bytes: number;
}

export interface VerificationStore {
  /** The oldest that has not ended; null when there is none. */
  next(): Promise<Verification | null>;
  advance(verification: number, after: number, seen: Seen): Promise<void>;
  /** `fault`: why it ended early. */
  end(verification: number, orphans: Orphans, fault: string | null): Promise<void>;
  /** The scrub's position; null while the last round is younger than so many hours. */
  scrub(hoursBetween: number): Promise<number | null>;
  /** `after` null: the round has ended. */
  advanceScrub(after: number | null, seen: Seen): Promise<void>;
}
