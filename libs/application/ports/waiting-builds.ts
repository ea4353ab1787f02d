/** Builds that wait although their store has upstreams. Throws FarmFault `database-unavailable`. */
import type { BuildId } from '#domain/ids.js';

export interface WaitingBuild {
  readonly build: BuildId;
  readonly slug: string;
  /** Base names of all its outputs. */
  readonly outputs: readonly string[];
}

export interface WaitingBuilds {
  /**
   * In the order of their ids: scheduled for longer than `seconds`, with no ticket out, every path
   * known beforehand.
   */
  after(build: BuildId | null, limit: number, seconds: number): Promise<readonly WaitingBuild[]>;
  /** Those that wait still are fetched, or have succeeded in a store that relies; how many. */
  substitute(builds: readonly BuildId[]): Promise<number>;
}
