/**
 * Substitute servers of others, as one process speaks to them. It remembers which of them fails,
 * and leaves that one alone for a while.
 */
import type { Offering, Upstream } from '#domain/substitute/upstream.js';

export type UpstreamAnswer =
  | { readonly kind: 'has'; readonly offering: Offering }
  | { readonly kind: 'miss' }
  /** It has something there that cannot be trusted: malformed, of another path, or unsigned. */
  | { readonly kind: 'refused'; readonly why: string }
  /** It did not answer in time, or is left alone. */
  | { readonly kind: 'unanswered'; readonly why: string };

export interface UpstreamHealth {
  /** Seconds since the first fault after its last answer; null while it answers. */
  readonly failingSeconds: number | null;
  readonly fault: string | null;
}

export interface UpstreamClient {
  /**
   * Asks for the narinfo of each base name, many at once; one answer each, in their order. Never
   * throws, and takes no longer than the upstream's time-out and a little for each question.
   */
  ask(upstream: Upstream, paths: readonly string[]): Promise<readonly UpstreamAnswer[]>;
  /**
   * The nar of an offering, compressed with zstd. Throws FarmFault `input-missing` when it is gone,
   * `corrupt-data`, `program-missing`, or `fetch-failed`; also while it is read.
   */
  nar(upstream: Upstream, offering: Offering): AsyncIterable<Uint8Array>;
  health(upstream: Upstream): UpstreamHealth;
  close(): Promise<void>;
}
