/**
 * Which upstreams there are and what is believed of them. Paths are base names; `slug` names the
 * farm's store. Every method throws FarmFault `database-unavailable`.
 */
import type { Offering, Upstream, UpstreamId } from '#domain/substitute/upstream.js';

export interface Believed {
  readonly upstream: UpstreamId;
  readonly offering: Offering;
}

/** A build that nobody wishes for now; all are base names. */
export interface Dormant {
  /** Of its `.drv`. */
  readonly name: string;
  readonly outputs: readonly (string | null)[];
  readonly inputs: readonly string[];
}

export interface UpstreamStore {
  /** Of all stores, those asked first before the others. */
  upstreams(): Promise<readonly Upstream[]>;
  /** Those of the paths that the farm offers itself. */
  offered(slug: string, paths: readonly string[]): Promise<ReadonlySet<string>>;
  /** What is believed of these paths, if it was seen no more than `seconds` ago. */
  believed(slug: string, paths: readonly string[], seconds: number): Promise<readonly Believed[]>;
  believe(slug: string, seen: readonly Believed[]): Promise<void>;
  /** Those of the derivations whose builds were given up: they are `canceled`. */
  dormant(slug: string, derivations: readonly string[]): Promise<readonly Dormant[]>;
  noteHealth(upstream: UpstreamId, fault: string | null): Promise<void>;
}
