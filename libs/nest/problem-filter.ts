/**
 * The one place where thrown values become HTTP answers: problem+json for programs, a page for
 * people where the app has pages. What nobody foresaw is logged whole and answered with nothing of
 * itself.
 */
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sentenceOf } from '#std/farm-fault.js';
import { printProblem, refusalOf, type Refusal } from './problem.js';

export interface ErrorPages {
  /** Whether this address answers people. */
  wanted(request: FastifyRequest): boolean;
  render(refusal: Refusal, request: FastifyRequest): string;
}

const unforeseen: Refusal = {
  status: 500,
  kind: 'internal',
  detail: 'The farm met an error of its own; its log has the rest.',
};

@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  constructor(private readonly pages?: ErrorPages) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const request = http.getRequest<FastifyRequest>();
    const refusal = refusalOf(thrown) ?? unforeseen;
    if (refusal.status >= 500) this.log(request, refusal, thrown);
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    reply.status(refusal.status);
    reply.headers({ 'cache-control': 'no-store', ...refusal.headers });
    if (this.pages?.wanted(request)) {
      void reply.type('text/html; charset=utf-8').send(this.pages.render(refusal, request));
    } else {
      void reply.type('application/problem+json').send(bodyOf(thrown, refusal));
    }
  }

  private log(request: FastifyRequest, refusal: Refusal, thrown: unknown): void {
    const where = `${request.method} ${request.url.split('?')[0]}`;
    const stack = thrown instanceof Error && refusal === unforeseen ? thrown.stack : undefined;
    this.logger.error(`${where}: ${sentenceOf(thrown)}`, stack);
  }
}

/**
 * Bytes, since fastify would add to text a charset that JSON does not have. An HttpException with
 * checks of its own (`/readyz`) keeps them beside ours.
 */
function bodyOf(thrown: unknown, refusal: Refusal): Buffer {
  const own = (thrown as { getResponse?: () => unknown } | null)?.getResponse?.();
  const { checks, details, upSeconds } = (own ?? {}) as Record<string, unknown>;
  const more = checks === undefined ? {} : { checks, details, upSeconds };
  const problem = { ...printProblem(refusal), ...more };
  return Buffer.from(JSON.stringify(problem));
}
