/**
 * Who writes: the farm's own services, the worker that holds an attempt's lease, or the holder of
 * an access token.
 */
import type { IncomingMessage } from 'node:http';
import { isAccessToken } from '#adapters/system/access-token.js';
import { readAttemptToken } from '#adapters/system/attempt-token.js';
import { hashSecret, sameSecret } from '#adapters/system/secret.js';
import type { Principal } from '#application/ports/substitute-store.js';
import type { TokenGrant, TokenStore } from '#application/ports/token-store.js';
import { allows, type Access } from '#domain/access/token-scope.js';
import type { Refusal } from '#nest/problem.js';
import { err, ok, type Result } from '#std/result.js';

/** Null when the request bears no credential of ours. */
export function principalOf(request: IncomingMessage, serviceToken: string): Principal | null {
  const token = secretOf(request);
  if (token === null) return null;
  if (sameSecret(token, serviceToken)) return { kind: 'service' };
  const claim = readAttemptToken(token, serviceToken);
  return claim && { kind: 'attempt', ...claim };
}

/** `Bearer TOKEN`, or the password of `Basic`, which is what clients make of a netrc file. */
function secretOf(request: IncomingMessage): string | null {
  const [, scheme = '', value = ''] =
    /^(Bearer|Basic) +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return null;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

/** The tokens of people and their programs. Each use is asked of the truth. */
export class Credentials {
  constructor(private readonly tokens: Pick<TokenStore, 'use'>) {}

  /** Whether the request bears a token that is good for this, and if not, why. */
  async grantFor(
    request: IncomingMessage,
    wish: { readonly access: Access; readonly store: string },
  ): Promise<Result<TokenGrant, Refusal>> {
    const token = secretOf(request);
    if (token === null || !isAccessToken(token)) return err(tokenNeeded);
    const grant = await this.tokens.use(hashSecret(token));
    if (!grant) return err(tokenEnded);
    return allows(grant.scope, wish) ? ok(grant) : err(outOfScope);
  }
}

const challenge = { 'WWW-Authenticate': 'Bearer, Basic realm="gambeson"' };

const tokenNeeded: Refusal = {
  status: 401,
  kind: 'unauthorized',
  detail: 'This needs an access token: as Bearer, or as the password of a netrc file.',
  headers: challenge,
};

const outOfScope: Refusal = {
  status: 403,
  kind: 'out-of-scope',
  detail: 'This token is not good for that: it is for another store, or for reading alone.',
};

export const unauthorized: Refusal = {
  status: 401,
  kind: 'unauthorized',
  detail: 'This needs the token of an attempt or of a service of this farm.',
  headers: { 'WWW-Authenticate': 'Bearer' },
};

export const serviceOnly: Refusal = {
  status: 403,
  kind: 'service-only',
  detail: 'Only a service of this farm may do this; an attempt may upload.',
};

export const leaseLapsed: Refusal = {
  status: 403,
  kind: 'lease-lapsed',
  detail: 'The lease of this attempt is not alive any more.',
};

export const tokenEnded: Refusal = {
  status: 401,
  kind: 'token-ended',
  detail: 'This token is unknown, was revoked, or has run out.',
  headers: challenge,
};

export const unknownStore: Refusal = {
  status: 404,
  kind: 'not-found',
  detail: 'This farm has no such store.',
};
