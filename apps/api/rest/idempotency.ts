/**
 * A POST with an Idempotency-Key is done once in 24 hours: the same request with the key again gets
 * the first answer, as draft-ietf-httpapi-idempotency-key-header says. What was refused or failed
 * leaves the key free.
 */
import { createHash } from 'node:crypto';
import {
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastValueFrom, of, type Observable } from 'rxjs';
import type {
  Begun,
  KeptAnswer,
  KeptAnswers,
  KeptRequest,
} from '#adapters/postgres/kept-answers.js';
import { ProblemException } from '#nest/problem.js';
import { sentenceOf } from '#std/farm-fault.js';

/** Their answers hold a secret, which is written down nowhere. */
const secrets = /^\/api\/v1\/(tokens|workers\/(tokens|enrol))\/?$/;
const keyForm = /^[!-~]{1,255}$/;
const keptHeaders = ['location', 'etag'];

export class Idempotency implements NestInterceptor {
  private readonly logger = new Logger('rest');

  constructor(private readonly answers: KeptAnswers) {}

  /** After the guards: the answer is told again to those alone who may still ask. */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const key = [request.headers['idempotency-key']].flat()[0];
    if (key === undefined || request.method !== 'POST') return next.handle();
    if (!request.url.startsWith('/api/v1/')) return next.handle();
    if (!keyForm.test(key)) throw malformed();
    const reply = http.getResponse<FastifyReply>();
    const kept = keptRequest(request, key);
    const begun = await this.answers.begin(kept);
    if (begun.kind === 'begun') return of(await this.answer(kept, next, reply));
    if (begun.kind !== 'kept') throw refusals[begun.kind]();
    void reply.headers({ ...begun.answer.headers, 'idempotency-replayed': 'true' });
    return of(begun.answer.body);
  }

  private async answer(
    kept: KeptRequest,
    next: CallHandler,
    reply: FastifyReply,
  ): Promise<unknown> {
    let body: unknown;
    try {
      body = await lastValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      await this.settle(() => this.answers.forget(kept));
      throw error;
    }
    const answer = secrets.test(pathOf(reply.request)) ? null : keptAnswer(reply, body);
    await this.settle(() => this.answers.end(kept, answer));
    return body;
  }

  /** What was done is done, whether or not it can be written down. */
  private async settle(step: () => Promise<void>): Promise<void> {
    await step().catch((error: unknown) => {
      this.logger.warn(`a key stays under way: ${sentenceOf(error)}`);
    });
  }
}

function keptRequest({ method, url, body, headers }: FastifyRequest, key: string): KeptRequest {
  return {
    asker: digestOf(headers.authorization ?? ''),
    key,
    request: digestOf(JSON.stringify([method, url, body ?? null])),
  };
}

function keptAnswer(reply: FastifyReply, body: unknown): KeptAnswer {
  const headers = keptHeaders.flatMap((name) => {
    const value = reply.getHeader(name);
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  return { headers: Object.fromEntries(headers), body };
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?')[0] ?? '';
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function malformed(): ProblemException {
  const detail = 'An Idempotency-Key has 1 to 255 visible characters of ASCII.';
  return new ProblemException({ status: 400, kind: 'invalid-header', detail });
}

type Refused = Exclude<Begun['kind'], 'begun' | 'kept'>;

const refusals: Readonly<Record<Refused, () => ProblemException>> = {
  other: () => {
    const detail = 'This Idempotency-Key was sent with another request.';
    return new ProblemException({ status: 422, kind: 'key-of-another-request', detail });
  },
  'under-way': () => {
    const detail = 'The first request with this Idempotency-Key is still under way.';
    const headers = { 'retry-after': '1' };
    return new ProblemException({ status: 409, kind: 'request-under-way', detail, headers });
  },
  'told-once': () => {
    const detail = 'This was done, and its answer holds a secret, which is told once.';
    return new ProblemException({ status: 409, kind: 'told-once', detail });
  },
};
