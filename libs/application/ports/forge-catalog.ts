/** Which forges there are, for whoever hears of them and whoever writes commit statuses to them. */
import type { Forge, RequestOrigin } from '#domain/forge/forge.js';
import type { SpecificationId } from '#domain/ids.js';

/** Every method throws FarmFault `database-unavailable`. */
export interface ForgeCatalog {
  /** Those not removed, by name. */
  forges(): Promise<readonly Forge[]>;
  /**
   * The pull request that a specification was made for, archived or not; null: for none. Commits of
   * a fork have their statuses where the request is to be merged.
   */
  requestOf(specification: SpecificationId): Promise<RequestOrigin | null>;
}
