/**
 * What stores that rely on their upstreams believe of them, asked anew when it is old. Paths are
 * base names. Every method throws FarmFault `database-unavailable`.
 */
import type { BuildId } from '#domain/ids.js';
import type { InputFates } from './substitution-store.js';
import type { Believed } from './upstream-store.js';

export interface Stale {
  readonly slug: string;
  readonly believed: Believed;
}

export interface LostBuild {
  readonly build: BuildId;
  /** Something unfinished, or a job of a newest evaluation, cannot do without it. */
  readonly isNeeded: boolean;
}

export interface BeliefStore {
  /**
   * Those seen longer ago than `seconds`, and those of inputs that a worker could not fetch; nobody
   * else gets them for a minute.
   */
  stale(limit: number, seconds: number): Promise<readonly Stale[]>;
  /** Builds that have succeeded by an upstream having these paths, or what refers to them. */
  builtOn(slug: string, paths: readonly string[]): Promise<readonly LostBuild[]>;
  /** The build is scheduled, with what becomes of its inputs; null: nothing needs it. */
  lose(build: BuildId, inputs: InputFates | null): Promise<boolean>;
  /** In stores that mirror, where nothing hangs on them: some of those seen longer ago. */
  forgetOlder(seconds: number): Promise<void>;
  /** These are not there any more. */
  forget(slug: string, paths: readonly string[]): Promise<void>;
}
