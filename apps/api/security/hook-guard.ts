/**
 * The hook's own door: a token that may trigger evaluations, one that may write to the
 * specification, or an address that the operator has listed.
 */
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { may } from '#domain/access/actor.js';
import type { Settings } from '#nest/settings.js';
import { unauthorized } from '../access/access-guard.js';
import { bearerOf, Identities } from '../access/identities.js';
import { SETTINGS } from '../farm/tokens.js';
import { Tokens } from '../tokens/tokens.js';
import { AllowList } from './allow-list.js';

@Injectable()
export class HookGuard implements CanActivate {
  private readonly allowed: AllowList;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    private readonly identities: Identities,
    private readonly tokens: Tokens,
  ) {
    this.allowed = new AllowList(settings.hookAllow);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { name = '' } = request.params as { name?: string };
    if (may(await this.identities.identify(request), 'evaluation.trigger', name)) return true;
    // The peer itself, not what a header says of it: headers are anybody's.
    if (this.allowed.includes(request.raw.socket.remoteAddress ?? '')) return true;
    if (await this.tokens.mayTrigger(bearerOf(request) ?? '', name)) return true;
    throw unauthorized(
      'The hook needs the admin token, a token that may write to the specification, or an ' +
        'address that GAMBESON_HOOK_ALLOW lists.',
    );
  }
}
