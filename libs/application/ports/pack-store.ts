/**
 * Which derivation packs there are, and what else the farm knows of a derivation by its path: the
 * attempt whose log is shown for it.
 */
import type { AttemptId } from '#domain/ids.js';

export interface DerivationPack {
  readonly slug: string;
  /** Hexadecimal sha-256 of the pack before its compression. */
  readonly hash: string;
  /** Of the file as it lies there, in bytes. */
  readonly size: number;
  readonly derivations: number;
}

/** Every method throws FarmFault `database-unavailable`. */
export interface PackStore {
  /** The id of the pack, old or new; null when the farm has no such store. */
  record(pack: DerivationPack): Promise<number | null>;
  /** The pack that holds a derivation, by its base name. */
  holding(slug: string, derivation: string): Promise<{ hash: string; size: number } | null>;
  lastAttempt(slug: string, derivation: string): Promise<AttemptId | null>;
}
