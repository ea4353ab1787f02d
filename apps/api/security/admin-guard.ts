/**
 * Lets through whoever shows the admin's bearer token; every write of the API stands behind it.
 * The hook has its own door: that token, one of the specification's own, or an address that the
 * operator has listed.
 */
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { sameSecret } from '#adapters/system/secret.js';
import { ProblemException } from '#nest/problem.js';
import type { Settings } from '#nest/settings.js';
import { ADMIN_TOKEN, SETTINGS } from '../farm/tokens.js';
import { Tokens } from '../tokens/tokens.js';
import { AllowList } from './allow-list.js';

@Injectable()
export class AdminGuard implements CanActivate {
  constructor(@Inject(ADMIN_TOKEN) private readonly token: string) {}

  canActivate(context: ExecutionContext): boolean {
    if (showsToken(requestOf(context), this.token)) return true;
    throw unauthorized('The admin token is needed: Authorization: Bearer TOKEN.');
  }
}

@Injectable()
export class HookGuard implements CanActivate {
  private readonly allowed: AllowList;

  constructor(
    @Inject(ADMIN_TOKEN) private readonly token: string,
    @Inject(SETTINGS) settings: Settings,
    private readonly tokens: Tokens,
  ) {
    this.allowed = new AllowList(settings.hookAllow);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    // The peer itself, not what a header says of it: headers are anybody's.
    if (this.allowed.includes(request.raw.socket.remoteAddress ?? '')) return true;
    if (showsToken(request, this.token)) return true;
    const { name = '' } = request.params as { name?: string };
    if (await this.tokens.mayTrigger(tokenOf(request) ?? '', name)) return true;
    throw unauthorized(
      'The hook needs the admin token, a token that may write to the specification, or an ' +
        'address that GAMBESON_HOOK_ALLOW lists.',
    );
  }
}

function requestOf(context: ExecutionContext): FastifyRequest {
  return context.switchToHttp().getRequest<FastifyRequest>();
}

export function showsToken(request: FastifyRequest, expected: string): boolean {
  const token = tokenOf(request);
  return token !== null && sameSecret(token, expected);
}

function tokenOf(request: FastifyRequest): string | null {
  const match = /^Bearer ([A-Za-z0-9._~+/=-]{1,512})$/i.exec(request.headers.authorization ?? '');
  return match?.[1] ?? null;
}

export function unauthorized(detail: string): ProblemException {
  return new ProblemException({
    status: 401,
    kind: 'unauthorized',
    detail,
    headers: { 'www-authenticate': 'Bearer realm="gambeson"' },
  });
}
