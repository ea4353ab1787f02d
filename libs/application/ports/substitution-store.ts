/**
 * Builds that are fetched from an upstream instead of being built, and the paths that are kept of
 * it. Paths are base names. Every method throws FarmFault `database-unavailable`.
 */
import type { BuildId } from '#domain/ids.js';
import type { UploadedNar } from '#domain/substitute/offered-path.js';
import type { Offering } from '#domain/substitute/upstream.js';
import type { Substituted } from './ingest-store.js';

export interface Substitution {
  readonly build: BuildId;
  readonly slug: string;
  readonly outputs: readonly string[];
  /** Fetches that have failed before. */
  readonly tries: number;
}

/** What becomes of the inputs of a build that is built after all: base names of `.drv` files. */
export interface InputFates {
  readonly substitute: Substituted;
  readonly build: ReadonlySet<string>;
}

export interface SubstitutionStore {
  /** Some that nobody fetches now, the urgent ones first; nobody else gets them meanwhile. */
  claim(limit: number, seconds: number): Promise<readonly Substitution[]>;
  /** What this process has claimed stays its own for so many seconds more. */
  renewClaims(seconds: number): Promise<void>;
  /** Whose outputs are all offered: they have succeeded. Answers which have. */
  finish(builds: readonly BuildId[]): Promise<readonly BuildId[]>;
  /** Tried again when so many seconds have passed. */
  postpone(build: BuildId, seconds: number): Promise<void>;
  /** `.drv` files that the build needs. */
  inputsOf(build: BuildId): Promise<readonly string[]>;
  /** It is built. Whether a failed input must be told on. */
  giveUp(build: BuildId, inputs: InputFates): Promise<boolean>;
  /** Holds those whose hold is soon over; answers how many wait. */
  hold(): Promise<number>;
}

/** Where fetched paths become offered. */
export interface MirrorShelf {
  /** False when a reference is not offered: nothing is written then. */
  keep(offering: Offering, nar: UploadedNar): Promise<boolean>;
  /** What was believed of these is wrong. */
  disbelieve(slug: string, paths: readonly string[]): Promise<void>;
}
