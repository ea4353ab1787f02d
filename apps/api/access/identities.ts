/**
 * Who sends a request. It is found out once, by the guard of the handler; `actorOf` tells it to
 * whoever asks afterwards.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Database } from '#adapters/postgres/database.js';
import { PostgresTokenStore } from '#adapters/postgres/token-store.js';
import { isAccessToken } from '#adapters/system/access-token.js';
import { hashSecret, sameSecret } from '#adapters/system/secret.js';
import { anonymous, type Actor } from '#domain/access/actor.js';
import { ADMIN_TOKEN } from '../farm/tokens.js';
import { identifyByProxy } from './by-proxy.js';
import { KnownPeople } from './people.js';
import { ProxyTrust } from './proxy-trust.js';

const known = new WeakMap<object, Actor>();

/** Who sent this request, as its guard found out; anonymous where nothing was required. */
export function actorOf(request: FastifyRequest): Actor {
  return known.get(request) ?? anonymous;
}

const adminByToken: Actor = {
  ...{ name: 'admin', via: 'admin-token', role: 'admin' },
  ...{ specifications: 'all', token: null, fingerprint: null },
};

@Injectable()
export class Identities {
  private readonly tokens: PostgresTokenStore;

  constructor(
    @Inject(ADMIN_TOKEN) private readonly adminToken: string,
    database: Database,
    private readonly trust: ProxyTrust,
    private readonly people: KnownPeople,
  ) {
    this.tokens = new PostgresTokenStore(database);
  }

  /** A token that is shown decides, good or not; what a proxy says counts where none is. */
  async identify(request: FastifyRequest): Promise<Actor> {
    const standing = known.get(request);
    if (standing) return standing;
    const shows = request.headers.authorization !== undefined;
    const actor = shows
      ? await this.byToken(bearerOf(request))
      : await identifyByProxy(request, this.trust, this.people);
    known.set(request, actor);
    return actor;
  }

  private async byToken(token: string | null): Promise<Actor> {
    if (token === null) return anonymous;
    if (sameSecret(token, this.adminToken)) return adminByToken;
    if (!isAccessToken(token)) return anonymous;
    return (await this.tokens.actorOf(hashSecret(token))) ?? anonymous;
  }
}

/** What stands behind `Authorization: Bearer`. */
export function bearerOf({ headers }: Pick<FastifyRequest, 'headers'>): string | null {
  const match = /^Bearer ([A-Za-z0-9._~+/=-]{1,512})$/i.exec(headers.authorization ?? '');
  return match?.[1] ?? null;
}

/** Whether a browser shows by itself who this is, so that any site's page could make it do so. */
export function isAmbient(actor: Actor): boolean {
  return actor.via === 'certificate' || actor.via === 'proxy';
}
