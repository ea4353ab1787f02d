/**
 * Records every change that a guarded handler makes: how its subject stood before and stands after,
 * and what was asked. A handler that knows better says so by `noteChange`.
 */
import {
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { lastValueFrom, of, type Observable } from 'rxjs';
import { AuditSubjects } from '#adapters/postgres/audit-subjects.js';
import { refusalOf } from '#nest/problem.js';
import type { Json } from '#domain/access/audit-chain.js';
import { sentenceOf } from '#std/farm-fault.js';
import { seenField } from '#views/admin/seen.js';
import { safeMethods } from '../security/headers.js';
import { Audit, type Began, type Change } from './audit.js';
import { forgeryField } from './forgery.js';
import { actorOf } from './identities.js';
import { requirementOf, subjectOf } from './requirement.js';

export interface NotedChange extends Change {
  /** KIND/NAME, where the address does not tell it. */
  readonly subject?: string;
}

const noted = new WeakMap<object, NotedChange>();

/** What the audit log shall say of this request; called by its handler, once. */
export function noteChange(request: FastifyRequest, change: NotedChange): void {
  noted.set(request, change);
}

const recorded = new WeakSet<object>();

@Injectable()
export class AuditInterceptor implements NestInterceptor {
  private readonly logger = new Logger('audit');

  constructor(
    private readonly audit: Audit,
    private readonly subjects: AuditSubjects,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    // Where a handler and its controller both require something it stands here twice.
    if (safeMethods.has(request.method) || recorded.has(request)) return next.handle();
    recorded.add(request);
    const { action, subject: pattern } = requirementOf(context);
    const subject = subjectOf(request, pattern);
    const before = await this.subjects.standing(subject);
    const asked = askedOf(request) as Json;
    const begun = await this.audit.begin({ action, subject, asked }, actorOf(request));
    try {
      const answer: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      await this.made(request, begun, { before, answer, pattern });
      return of(answer);
    } catch (error) {
      await this.refused(begun, before, error);
      throw error;
    }
  }

  private async made(request: FastifyRequest, begun: Began, made: Made): Promise<void> {
    const own = noted.get(request);
    const subject = own?.subject ?? subjectOfAnswer(begun.subject, made);
    const after = own && 'after' in own ? own.after : await this.subjects.standing(subject);
    const before = own && 'before' in own ? own.before : made.before;
    await this.audit.end(begun, 'done', { before, after, subject });
  }

  private async refused(begun: Began, before: Json, error: unknown): Promise<void> {
    const refusal = refusalOf(error);
    const clear = refusal !== null && refusal.status < 500;
    try {
      if (clear) await this.audit.forget(begun);
      else await this.audit.end(begun, 'failed', { before, after: null });
    } catch (cause) {
      this.logger.error(
        `${begun.action} of ${begun.subject} stays under way: ${sentenceOf(cause)}`,
      );
    }
  }
}

interface Made {
  readonly before: Json;
  readonly answer: unknown;
  readonly pattern: string;
}

/** Kinds that are known by a name at their address, and so in what is said of them. */
const named = new Set(['specification', 'store']);

/** What was made now is known by its id from now on. */
function subjectOfAnswer(subject: string, { answer, pattern }: Made): string {
  const [kind, key] = pattern.split('/');
  const id = (answer as { id?: unknown } | null | undefined)?.id;
  if (key?.startsWith(':') || named.has(kind ?? '') || typeof id !== 'string') return subject;
  return kind === 'farm' ? subject : `${kind}/${id}`;
}

/** Fields that our forms carry for themselves, and that ask for nothing. */
const ours = new Set([forgeryField, seenField]);

function formOf(body: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...body].filter(([name]) => !ours.has(name)));
}

function askedOf({ body, query }: FastifyRequest): unknown {
  const sent = body instanceof URLSearchParams ? formOf(body) : (body ?? null);
  const asked = query as Record<string, unknown> | undefined;
  return asked && Object.keys(asked).length > 0 ? { body: sent, query: asked } : sent;
}
