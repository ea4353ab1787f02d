/** Logs of builds that were done elsewhere, by the store and the derivation that they belong to. */
import type { LogKey } from './log-store.js';

export interface PushedLog {
  readonly slug: string;
  /** Base name of the `.drv`. */
  readonly derivation: string;
  readonly key: LogKey;
  /** Hexadecimal sha-256. */
  readonly hash: string;
  readonly size: number;
}

/** Every method throws FarmFault `database-unavailable`. */
export interface PushedLogs {
  /** A key that no log has. */
  reserve(): Promise<LogKey>;
  /** Makes it the log of its derivation, in place of an earlier one, whose bytes go. */
  record(log: PushedLog): Promise<void>;
  /** The bytes under a key that came to nothing go. */
  abandon(key: LogKey): Promise<void>;
  find(slug: string, derivation: string): Promise<LogKey | null>;
}
