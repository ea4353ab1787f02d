/**
 * What an access token is good for. A token names a store, a specification, or both, and what may
 * be done there; nothing else of the farm is open to it.
 */
export type Access = 'read' | 'write';

export interface TokenScope {
  /** Slug of the store; null: no store. */
  readonly store: string | null;
  /** Name of the specification; null: no specification. */
  readonly specification: string | null;
  /** Who may write may read, too. */
  readonly access: Access;
}

export type Wish =
  | { readonly access: Access; readonly store: string }
  | { readonly access: Access; readonly specification: string };

export function allows(scope: TokenScope, wish: Wish): boolean {
  if (wish.access === 'write' && scope.access !== 'write') return false;
  return 'store' in wish ? scope.store === wish.store : scope.specification === wish.specification;
}

/**
 * Whether tokens may write to stores of this kind. What the farm builds and what it built for
 * requests is brought by its own workers alone, so that nobody else's bytes are ever signed there.
 */
export function takesPushes(kind: 'farm' | 'untrusted' | 'pushed'): boolean {
  return kind === 'pushed';
}
