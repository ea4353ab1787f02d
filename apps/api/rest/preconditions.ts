/**
 * Whoever replaces or changes a thing says what was read of it: PUT and PATCH of what is there want
 * If-Match, with the ETag or with `*` for whatever it is. Handlers that know versions of their own
 * compare them; for the others the thing is read again, as it is told at its address, while no
 * other such change is under way: of several with the same ETag one is made.
 */
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { lastValueFrom, of, type Observable } from 'rxjs';
import type { OneAtATime } from '#adapters/postgres/one-at-a-time.js';
import { ProblemException } from '#nest/problem.js';
import { matches } from './entity-tags.js';

/** Their handlers compare the version in the same transaction that writes. */
const ownVersions = /^\/api\/v1\/specifications\//;

export class Preconditions implements NestInterceptor {
  constructor(
    private readonly fastify: FastifyInstance,
    private readonly changes: OneAtATime,
  ) {}

  /** After the guards: whoever may not write is told that first. */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { method, url, headers } = request;
    const condition = headers['if-match'];
    if (!url.startsWith('/api/v1/') || !isJudged(method, condition)) return next.handle();
    if (method === 'PUT' && condition !== undefined && ownVersions.test(url)) return next.handle();
    return of(
      await this.changes.run(async () => {
        await this.judge(request, condition);
        return lastValueFrom(next.handle(), { defaultValue: undefined });
      }),
    );
  }

  private async judge(request: FastifyRequest, condition: string | undefined): Promise<void> {
    if (condition?.trim() === '*') return;
    const standing = await this.readAgain(request);
    if (condition === undefined) {
      if (standing !== null) throw unsaid();
    } else if (standing === null || !matches(condition, standing)) {
      throw changed();
    }
  }

  /** Its ETag now; null where there is nothing. */
  private async readAgain({ url, headers }: FastifyRequest): Promise<string | null> {
    const { authorization } = headers;
    const answer = await this.fastify.inject({
      method: 'GET',
      url: url.split('?')[0]!,
      ...(authorization !== undefined && { headers: { authorization } }),
    });
    return answer.statusCode === 200 ? String(answer.headers['etag']) : null;
  }
}

/** What is removed goes by its address alone, unless its remover says what was read of it. */
function isJudged(method: string, condition: string | undefined): boolean {
  return method === 'PUT' || method === 'PATCH' || (method === 'DELETE' && condition !== undefined);
}

function unsaid(): ProblemException {
  const detail =
    'Say with If-Match what is replaced: the ETag that was read, or * for whatever it is.';
  return new ProblemException({ status: 428, kind: 'precondition-required', detail });
}

function changed(): ProblemException {
  const detail = 'It is not what was read any more. Read it again.';
  return new ProblemException({ status: 412, kind: 'version-conflict', detail });
}
