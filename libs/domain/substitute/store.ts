/**
 * A store as clients see it: a directory, an address, keys of its own, and the dialect of its
 * narinfos. The same directory may be served by several stores, which share nothing but bytes.
 */
export type StoreId = number;

/** What clients of the directory speak. */
export type Dialect = 'guix' | 'nix';

export interface Store {
  readonly id: StoreId;
  /** Names the store in addresses, commands and settings. */
  readonly slug: string;
  /** Full path: `/nix/store`. */
  readonly dir: string;
  /**
   * `farm`: what this farm builds; `untrusted`: what it built for requests that nobody vouches for;
   * `pushed`: what holders of tokens send.
   */
  readonly kind: 'farm' | 'untrusted' | 'pushed';
  /** The host name under which it answers at the root; null: below its slug alone. */
  readonly host: string | null;
  /** Whether what an upstream has is fetched and kept here, or left to the upstream. */
  readonly mode: 'mirror' | 'rely';
  /** As nix-cache-info tells it: the lower, the sooner clients ask here. */
  readonly priority: number;
  /** How long an offered path stays at least. */
  readonly ttlSeconds: number;
  /** Read with a token alone. */
  readonly private: boolean;
}

export function dialectOf({ dir }: Pick<Store, 'dir'>): Dialect {
  return dir === '/gnu/store' ? 'guix' : 'nix';
}

/**
 * First parts of addresses that have a meaning of their own at the root of the substituter, or at
 * that of the dashboard, which a proxy puts at the same host.
 */
const reservedSlugs = new Set([
  ...['nar', 'log', 'file', 'derivations', 'uploads', 'paths', 'realisations'],
  ...['livez', 'readyz', 'metrics', 'robots', 'use', 'signing-key'],
  ...['admin', 'api', 'build', 'builds', 'dashboard', 'download', 'eval', 'evaluations', 'events'],
  ...['jobset', 'jobsets', 'machine', 'output', 'queue', 'search', 'specification'],
  ...['specifications', 'static', 'webhooks', 'workers'],
]);

/** Whether a store may have this name. */
export function isStoreSlug(text: string): boolean {
  return /^[a-z][a-z0-9-]{0,31}$/.test(text) && !reservedSlugs.has(text);
}
