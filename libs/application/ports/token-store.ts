/**
 * Access tokens. The token itself is known to its holder alone: here goes its SHA-256. Every use is
 * asked of the truth, so that a revocation counts from its commit on, at every replica.
 */
import type { Role } from '#domain/access/actor.js';
import type { TokenScope } from '#domain/access/token-scope.js';
import type { TokenId } from '#domain/ids.js';

export interface TokenGrant {
  readonly token: TokenId;
  readonly scope: TokenScope;
}

/** In what its holder acts on the farm itself. */
export interface TokenRole {
  readonly role: Role;
  /** Names; null: it is bound to none. */
  readonly specifications: readonly string[] | null;
}

export interface NewToken {
  readonly name: string;
  /** SHA-256 of the token, hexadecimal. */
  readonly hash: string;
  readonly scope: TokenScope;
  /** Null: in none. */
  readonly acts: TokenRole | null;
  /** Seconds from now; null: it does not run out. */
  readonly lifeSeconds: number | null;
}

export interface TokenRecord extends TokenGrant {
  readonly name: string;
  readonly acts: TokenRole | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** Within ten seconds. */
  readonly lastUsedAt: Date | null;
}

export type TokenRefusal =
  | { readonly kind: 'unknown-store'; readonly slug: string }
  | { readonly kind: 'unknown-specification'; readonly name: string }
  /** Write access to a store that takes no pushes. */
  | { readonly kind: 'not-for-pushes'; readonly slug: string };

/** Every method throws FarmFault `database-unavailable`. */
export interface TokenStore {
  /** Null when no such token is good now. Notes that it was used. */
  use(hash: string): Promise<TokenGrant | null>;
  create(token: NewToken): Promise<TokenRecord | TokenRefusal>;
  /** Newest first; revoked and expired ones too. */
  list(): Promise<TokenRecord[]>;
  /** Whether there is such a token; repeating is harmless. */
  revoke(token: TokenId): Promise<boolean>;
}
