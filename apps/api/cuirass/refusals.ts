/**
 * Refusals in Cuirass's words. Its clients tell them apart by their status codes, and 500 is what a
 * wrong parameter gets; what only we refuse has codes of its own.
 */
import {
  Catch,
  HttpException,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sentenceOf } from '#std/farm-fault.js';
import { refusalOf } from '#nest/problem.js';
import { problemPage } from '#views/problem.js';

export type RefusalForm = 'json' | 'text' | 'page';

/** `json`: `{"error": TEXT}`. `text`: without a type. `page`: for people. */
export class CuirassRefusal extends HttpException {
  constructor(
    status: number,
    readonly text: string,
    readonly form: RefusalForm = 'json',
  ) {
    super(text, status);
  }
}

export function notDefined(mark = ''): CuirassRefusal {
  return new CuirassRefusal(500, `Parameter not defined${mark}`);
}

export function limitExceeded(): CuirassRefusal {
  return new CuirassRefusal(500, 'Maximum limit exceeded');
}

export function unknownBuild(id: string): CuirassRefusal {
  return new CuirassRefusal(404, `Build with ID ${id} doesn't exist.`);
}

export function unknownEvaluation(id: string, form: RefusalForm): CuirassRefusal {
  return new CuirassRefusal(404, `Evaluation with ID ${id} doesn't exist.`, form);
}

/** For addresses that answer bytes or redirect. */
export function resourceNotFound(address: string): CuirassRefusal {
  return new CuirassRefusal(404, `Resource not found: ${address}`, 'text');
}

export function specificationNotFound(): CuirassRefusal {
  return new CuirassRefusal(404, 'Jobset not found.');
}

const logger = new Logger('cuirass');

/** Whatever goes wrong at these addresses is told in the form that their clients read. */
@Catch()
export class CuirassErrors implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent || reply.raw.headersSent) return void reply.raw.destroy();
    if (thrown instanceof CuirassRefusal) return send(reply, thrown);
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const refusal = refusalOf(thrown);
    if (refusal === null || refusal.status >= 500) tellLog(request, thrown, refusal === null);
    if (refusal?.headers) reply.headers(refusal.headers);
    const text = refusal?.detail ?? 'The farm met an error of its own; its log has the rest.';
    send(reply, new CuirassRefusal(refusal?.status ?? 500, text));
  }
}

function send(reply: FastifyReply, refusal: CuirassRefusal): void {
  const { text, form } = refusal;
  reply.status(refusal.getStatus()).header('cache-control', 'no-store');
  if (form === 'page') {
    const page = problemPage({ status: refusal.getStatus(), detail: text });
    void reply.type('text/html; charset=utf-8').send(page);
  } else if (form === 'text') {
    void reply.type('text/plain; charset=utf-8').send(text);
  } else {
    // Bytes: fastify would add a charset, which JSON does not have.
    void reply.type('application/json').send(Buffer.from(JSON.stringify({ error: text })));
  }
}

function tellLog(request: FastifyRequest, thrown: unknown, unforeseen: boolean): void {
  const where = `${request.method} ${request.url.split('?')[0]}`;
  const stack = unforeseen && thrown instanceof Error ? thrown.stack : undefined;
  logger.error(`${where}: ${sentenceOf(thrown)}`, stack);
}
