/**
 * The `.drv` files that an evaluation wrote, parsed and checked: a derivation is believed only when
 * its file's path and all its output paths are recomputed to be its own. Paths are full paths; a
 * refusal is a sentence for people.
 */
import type { Result } from '#std/result.js';
import type { IngestDerivation } from './ingest-store.js';

export interface CheckedDerivation {
  readonly path: string;
  readonly record: IngestDerivation;
  /** Input sources, full paths. */
  readonly sources: readonly string[];
  /** `name` is the base name. */
  readonly file: { readonly name: string; readonly bytes: Uint8Array };
}

/** What a derivation yields and what it is made of, before it is checked. */
export interface DerivationOutline {
  /** Base names; null for a path that is not known before it is built. */
  readonly outputs: readonly (string | null)[];
  readonly inputs: readonly string[];
}

export interface DerivationFiles {
  /** Input derivations of a file, before it is checked. */
  inputsOf(path: string): Promise<Result<readonly string[], string>>;
  outlineOf(path: string): Promise<Result<DerivationOutline, string>>;
  /** Prepares for checking what needs these: they and their closures were registered before. */
  learn(paths: readonly string[]): Promise<void>;
  /** Its inputs must have been checked, or learned, before. */
  check(path: string): Promise<Result<CheckedDerivation, string>>;
}
