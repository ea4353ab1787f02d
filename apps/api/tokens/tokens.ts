/** Makes, lists and revokes access tokens, and says in HTTP why one is not made. */
import { Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { PostgresTokenStore } from '#adapters/postgres/token-store.js';
import { isAccessToken, newAccessToken } from '#adapters/system/access-token.js';
import { hashSecret } from '#adapters/system/secret.js';
import type { TokenRecord, TokenRefusal, TokenStore } from '#application/ports/token-store.js';
import { allows } from '#domain/access/token-scope.js';
import { id as idOf, type TokenId } from '#domain/ids.js';
import { notFound, ProblemException } from '#nest/problem.js';
import type { MadeToken, TokenAnswer, TokenRequest } from '#protocol/api/token.js';

@Injectable()
export class Tokens {
  private readonly store: TokenStore;

  constructor(database: Database) {
    this.store = new PostgresTokenStore(database);
  }

  async list(): Promise<TokenAnswer[]> {
    return (await this.store.list()).map(answerOf);
  }

  async make(request: TokenRequest): Promise<MadeToken> {
    const { name, store = null, specification = null, access, lifeSeconds = null } = request;
    const { role, specifications = null } = request;
    const acts = role === undefined ? null : { role, specifications };
    const token = newAccessToken();
    const scope = { store, specification, access };
    const made = await this.store.create({
      name,
      hash: hashSecret(token),
      scope,
      acts,
      lifeSeconds,
    });
    if ('kind' in made) throw refused(made, request);
    return { ...answerOf(made), token };
  }

  async revoke(token: string): Promise<void> {
    if (!(await this.store.revoke(idOf<TokenId>(token)))) throw notFound(`token ${token}`);
  }

  /** Whether a token lets its holder have this specification evaluated; null: it is none. */
  async triggering(token: string, specification: string): Promise<'this' | 'others' | null> {
    if (!isAccessToken(token)) return null;
    const grant = await this.store.use(hashSecret(token));
    if (grant === null) return null;
    return allows(grant.scope, { access: 'write', specification }) ? 'this' : 'others';
  }
}

function answerOf(record: TokenRecord): TokenAnswer {
  const { token, name, scope, acts, createdAt, expiresAt, revokedAt, lastUsedAt } = record;
  const expired = expiresAt !== null && expiresAt.getTime() <= Date.now();
  return {
    ...{ id: String(token), name, ...scope, role: acts?.role ?? null },
    specifications: acts?.specifications ? [...acts.specifications] : null,
    state: revokedAt ? 'revoked' : expired ? 'expired' : 'good',
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}

function refused(refusal: TokenRefusal, request: TokenRequest): ProblemException {
  const [pointer, detail] = whyNot(refusal, request);
  return new ProblemException({
    ...{ status: 422, kind: refusal.kind, detail },
    errors: [{ pointer, detail }],
  });
}

function whyNot(
  refusal: TokenRefusal,
  { specifications = [] }: TokenRequest,
): [pointer: string, detail: string] {
  switch (refusal.kind) {
    case 'unknown-store':
      return ['/store', `There is no store ${refusal.slug}.`];
    case 'unknown-specification': {
      const at = specifications.indexOf(refusal.name);
      const pointer = at < 0 ? '/specification' : `/specifications/${at}`;
      return [pointer, `There is no specification ${refusal.name}.`];
    }
    case 'not-for-pushes':
      return [
        '/access',
        `The farm alone writes to the store ${refusal.slug}; add a store for pushes.`,
      ];
  }
}
