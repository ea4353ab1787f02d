/**
 * Measures a nar as it arrives in its compressed form: it is decompressed, read against the grammar
 * of nars, hashed and counted, and never trusted. What it holds in memory does not depend on its
 * size.
 */
import type { Result } from '#std/result.js';
import type { NarDigest } from '#domain/substitute/offered-path.js';

export type NarRefusal =
  | { readonly kind: 'not-zstd'; readonly detail: string }
  | { readonly kind: 'not-a-nar'; readonly detail: string; readonly offset: number }
  /** More than `limit` bytes when decompressed, or far more than its compressed size allows. */
  | { readonly kind: 'too-large'; readonly limit: number };

export interface NarMeter {
  /** Resolves when more may come; an error of the bytes shows here or at `finish`. */
  push(bytes: Uint8Array): Promise<Result<void, NarRefusal>>;
  finish(): Promise<Result<NarDigest, NarRefusal>>;
  /** Frees what it holds; must be called once. */
  close(): void;
}

/** A meter for one nar. */
export type StartMeter = () => NarMeter;
