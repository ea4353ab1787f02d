/** The stores of the farm. They are few, and change by the hand of an operator alone. */
import type { Store } from '#domain/substitute/store.js';

export interface StoreCatalog {
  /** Ordered by slug. Throws FarmFault `database-unavailable`. */
  all(): Promise<Store[]>;
}
