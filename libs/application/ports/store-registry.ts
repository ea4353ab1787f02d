/** Stores as an operator adds and changes them. What a store is for never changes. */
import type { AddableEncoding } from '#domain/substitute/encodings.js';
import type { Store } from '#domain/substitute/store.js';

export interface ManagedStore extends Store {
  /** Public keys whose pushed paths of the same directory are welcome here. */
  readonly trustedKeys: readonly string[];
  /** Made of its nars besides what they came in; null: what clients of its directory want. */
  readonly encodings: readonly AddableEncoding[] | null;
}

export interface NewStore {
  readonly slug: string;
  readonly dir: string;
  readonly kind: 'pushed' | 'untrusted';
}

export type StoreChanges = Partial<
  Pick<
    ManagedStore,
    'host' | 'mode' | 'priority' | 'ttlSeconds' | 'private' | 'trustedKeys' | 'encodings'
  >
>;

/** Every method throws FarmFault `database-unavailable`. */
export interface StoreRegistry {
  /** Ordered by slug. */
  list(): Promise<ManagedStore[]>;
  add(store: NewStore, changes: StoreChanges): Promise<'added' | 'slug-taken' | 'host-taken'>;
  /** Makes the store for what untrusted requests build, when there is none. */
  ensureUntrusted(store: { readonly slug: string; readonly dir: string }): Promise<void>;
  change(slug: string, changes: StoreChanges): Promise<'changed' | 'unknown' | 'host-taken'>;
}
