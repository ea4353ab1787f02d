/**
 * Problems as RFC 9457 prints them. A controller throws a ProblemException for a refusal that it
 * can name; `problemOf` says what any other thrown value looks like from outside, and tells no
 * secret.
 */
import { HttpException } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import { FarmFault } from '#std/farm-fault.js';
import type { Problem, ProblemFault } from '#protocol/api/problem.js';

export interface Refusal {
  readonly status: number;
  /** The last part of the problem's type, stable for programs. */
  readonly kind: string;
  readonly detail: string;
  readonly errors?: readonly ProblemFault[];
  readonly headers?: Readonly<Record<string, string>>;
}

export class ProblemException extends HttpException {
  constructor(readonly refusal: Refusal) {
    super(refusal.detail, refusal.status);
  }
}

export function notFound(what: string): ProblemException {
  return new ProblemException({ status: 404, kind: 'not-found', detail: `There is no ${what}.` });
}

export function printProblem(refusal: Refusal): Problem {
  return {
    type: `urn:gambeson:problem:${refusal.kind}`,
    title: STATUS_CODES[refusal.status] ?? 'Error',
    status: refusal.status,
    detail: refusal.detail,
    ...(refusal.errors && { errors: [...refusal.errors] }),
  };
}

/** Codes that fastify's own parsers throw, and the kinds of ours that they become. */
const parserKinds: Readonly<Record<number, string>> = {
  400: 'malformed-request',
  404: 'not-found',
  405: 'method-not-allowed',
  413: 'too-large',
  415: 'unsupported-media-type',
  503: 'unready',
};

/** What a thrown value looks like from outside. Null: unknown, ours, and to be logged. */
export function refusalOf(thrown: unknown): Refusal | null {
  if (thrown instanceof ProblemException) return thrown.refusal;
  if (thrown instanceof FarmFault) return refusalOfFault(thrown);
  const status = statusOf(thrown);
  if (status === null || (status >= 500 && !(thrown instanceof HttpException))) return null;
  return {
    status,
    kind: parserKinds[status] ?? 'refused',
    detail: status === 413 ? 'The request is larger than what is read.' : (thrown as Error).message,
  };
}

function refusalOfFault(fault: FarmFault): Refusal {
  const passing = fault.retry !== 'never';
  return {
    status: passing ? 503 : 500,
    kind: fault.code,
    detail: `${fault.message}.`.replace(/\.\.$/, '.'),
    ...(passing && { headers: { 'retry-after': '5' } }),
  };
}

function statusOf(thrown: unknown): number | null {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (thrown instanceof SyntaxError) return 400;
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : null;
}
