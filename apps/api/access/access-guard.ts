/** Lets through who may do what the handler requires, and says to others what is missing. */
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuditSubjects } from '#adapters/postgres/audit-subjects.js';
import { denialOf, leastRole, type Action, type Actor, type Denial } from '#domain/access/actor.js';
import { ProblemException } from '#nest/problem.js';
import { SERVICE_TOKEN } from '../farm/tokens.js';
import { safeMethods } from '../security/headers.js';
import { forgeryField, ForgeryTokens } from './forgery.js';
import { Identities, isAmbient } from './identities.js';
import { ProxyTrust } from './proxy-trust.js';
import { warnSeldom } from './seldom.js';
import { fieldOf, requirementOf, subjectOf } from './requirement.js';

const fields = new WeakMap<object, string>();

/** The hidden field that every form of /admin holds. */
export function csrfFieldOf(request: FastifyRequest): {
  readonly name: string;
  readonly value: string;
} {
  return { name: forgeryField, value: fields.get(request) ?? '' };
}

@Injectable()
export class AccessGuard implements CanActivate {
  private readonly forgery: ForgeryTokens;

  constructor(
    private readonly identities: Identities,
    private readonly subjects: AuditSubjects,
    @Inject(SERVICE_TOKEN) secret: string,
    private readonly trust: ProxyTrust,
  ) {
    this.forgery = new ForgeryTokens(secret);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { action, subject: pattern } = requirementOf(context);
    const actor = await this.identities.identify(request);
    this.refuseForgery(request, actor);
    const subject = subjectOf(request, pattern);
    const denial = await this.denialOf(actor, action, subject);
    if (denial === null) return true;
    if (denial !== 'nobody') tellRefused(actor, action, subject);
    throw denied(actor, { action, subject, denial });
  }

  private refuseForgery(request: FastifyRequest, actor: Actor): void {
    if (!isAmbient(actor)) return;
    const now = Date.now();
    fields.set(request, this.forgery.of(actor, now));
    if (safeMethods.has(request.method)) return;
    const sent = request.headers['x-csrf-token'] ?? fieldOf(request.body, forgeryField);
    const token = typeof sent === 'string' ? sent : '';
    if (this.isOurPage(request) && this.forgery.isGood(token, actor, now)) return;
    const detail = 'This was not sent by a page of ours, or lay there too long: open it again.';
    throw new ProblemException({ status: 403, kind: 'forged', detail });
  }

  /**
   * That it is no other site's was seen before any route, by Host where nobody has said what the
   * farm is called; a name that a stranger points at this machine is in both.
   */
  private isOurPage({ headers }: FastifyRequest): boolean {
    const { publicAddress } = this.trust;
    if (publicAddress !== null) return headers.origin === publicAddress.origin;
    return (headers.origin ?? headers['sec-fetch-site']) !== undefined;
  }

  /** A build that several specifications share is canceled only by who may in all of them. */
  private async denialOf(actor: Actor, action: Action, subject: string): Promise<Denial | null> {
    const general = denialOf(actor, action);
    if (general !== 'specification') return general;
    const names = await this.subjects.specificationsOf(subject);
    const denials = names.map((name) => denialOf(actor, action, name));
    const granted = action === 'build.cancel' ? denials.every(isNone) : denials.some(isNone);
    return names.length > 0 && granted ? null : 'specification';
  }
}

function isNone(denial: Denial | null): boolean {
  return denial === null;
}

/** Nothing was changed, so the audit log has none of it: who tries doors is seen here. */
function tellRefused({ name, via, role }: Actor, action: Action, subject: string): void {
  const who = `${JSON.stringify(name)} (${role}, by ${via})`;
  warnSeldom(`refused ${who}`, `${who} was refused ${action} of ${JSON.stringify(subject)}`);
}

const needed =
  'The admin token, or one that acts in a role, is needed: Authorization: Bearer TOKEN.';

interface Denied {
  readonly action: Action;
  readonly subject: string;
  readonly denial: Denial;
}

function denied(actor: Actor, { action, subject, denial }: Denied): ProblemException {
  if (denial === 'nobody') {
    return unauthorized(needed);
  }
  const who = `${actor.name} (${actor.role})`;
  const detail =
    denial === 'role'
      ? `${who} may not do this: ${action} wants the role ${leastRole(action)}.`
      : `${who} may not do this to ${subject}: ${scopeOf(actor)}.`;
  return new ProblemException({ status: 403, kind: 'forbidden', detail });
}

function scopeOf({ specifications }: Actor): string {
  if (specifications === 'all' || specifications.length === 0) return 'it may change nothing';
  return `it may change ${specifications.join(', ')} alone`;
}

export function unauthorized(detail: string): ProblemException {
  return new ProblemException({
    status: 401,
    kind: 'unauthorized',
    detail,
    headers: { 'www-authenticate': 'Bearer realm="gambeson"' },
  });
}
