// Generated from the OpenAPI document by `npm run client`: do not edit.
/** Access tokens. */
import type { Client, Reading, Starting } from '../client.js';

export interface MadeToken {
  readonly id: string;
  readonly name: string;
  readonly store: string | null;
  readonly specification: string | null;
  readonly access: 'read' | 'write';
  readonly role: 'viewer' | 'maintainer' | 'operator' | 'admin' | null;
  readonly specifications: readonly string[] | null;
  readonly state: 'good' | 'expired' | 'revoked';
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
  readonly token: string;
}

export interface TokenAnswer {
  readonly id: string;
  readonly name: string;
  readonly store: string | null;
  readonly specification: string | null;
  readonly access: 'read' | 'write';
  readonly role: 'viewer' | 'maintainer' | 'operator' | 'admin' | null;
  readonly specifications: readonly string[] | null;
  readonly state: 'good' | 'expired' | 'revoked';
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

export interface TokenList {
  readonly items: readonly TokenAnswer[];
}

export interface TokenRequest {
  readonly name: string;
  readonly store?: string;
  readonly specification?: string;
  readonly access?: 'read' | 'write';
  readonly role?: 'viewer' | 'maintainer' | 'operator' | 'admin';
  readonly specifications?: readonly string[];
  readonly lifeSeconds?: number;
}

/** Every token with its scope and its last use; never the token itself. */
export function listTokens(client: Client, input: {} & Reading = {}): Promise<TokenList> {
  return client.call({ method: 'GET', path: '/api/v1/tokens', answer: 'json' }, input);
}

/** Make a token; it is told in this answer alone. */
export function createToken(
  client: Client,
  input: { readonly body: TokenRequest } & Starting,
): Promise<MadeToken> {
  return client.call({ method: 'POST', path: '/api/v1/tokens', answer: 'json' }, input);
}

/** Refuse it from now on, everywhere. */
export function removeToken(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<void> {
  return client.call({ method: 'DELETE', path: '/api/v1/tokens/{id}', answer: 'nothing' }, input);
}
