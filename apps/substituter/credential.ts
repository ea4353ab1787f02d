/** Who writes: the farm's own services, or the worker that holds an attempt's lease. */
import type { IncomingMessage } from 'node:http';
import { readAttemptToken } from '#adapters/system/attempt-token.js';
import { sameSecret } from '#adapters/system/secret.js';
import type { Principal } from '#application/ports/substitute-store.js';
import type { Refusal } from '#nest/problem.js';

/** Null when the request bears no credential of ours. */
export function principalOf(request: IncomingMessage, serviceToken: string): Principal | null {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return null;
  if (sameSecret(token, serviceToken)) return { kind: 'service' };
  const claim = readAttemptToken(token, serviceToken);
  return claim && { kind: 'attempt', ...claim };
}

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
  detail: 'This token was revoked or has run out.',
  headers: { 'WWW-Authenticate': 'Bearer' },
};

export const unknownStore: Refusal = {
  status: 404,
  kind: 'not-found',
  detail: 'This farm has no such store.',
};
