/**
 * The hook's own door: a token that may trigger evaluations, one that may write to the
 * specification, or an address that the operator has listed.
 */
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { may } from '#domain/access/actor.js';
import { ProblemException } from '#nest/problem.js';
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
    const actor = await this.identities.identify(request);
    if (may(actor, 'evaluation.trigger', name)) return true;
    // The peer itself, not what a header says of it: headers are anybody's.
    if (this.allowed.includes(request.raw.socket.remoteAddress ?? '')) return true;
    const scope = await this.tokens.triggering(bearerOf(request) ?? '', name);
    if (scope === 'this') return true;
    if (scope === 'others' || actor.via !== 'anonymous') throw notOfThis(name);
    throw unauthorized(
      'The hook needs the admin token, a token that may write to the specification, or an ' +
        'address that GAMBESON_HOOK_ALLOW lists.',
    );
  }
}

/** Who it is is known: another try with the same token would end the same. */
function notOfThis(name: string): ProblemException {
  const detail = `This token may not have ${name} evaluated.`;
  return new ProblemException({ status: 403, kind: 'forbidden', detail });
}
