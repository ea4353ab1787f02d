/**
 * Postgres keeps no NUL in a text and no half of a character in a document: what holds one is
 * refused before anybody writes it down, the audit log included. So is what is nested deeper than
 * anything the farm takes, since whoever walks it would end with the stack.
 */
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { ProblemException } from '#nest/problem.js';
import { jsonPointer } from '#protocol/api/problem.js';

/** Cuirass's own addresses read their queries by themselves, and leave NULs out. */
const cuirassApi = /^\/api\/(?!v1\/)/;
const detail = 'holds a NUL or half a character, or is nested too deep for anything of the farm';

export class StorableTexts implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { url, query, body } = context.switchToHttp().getRequest<FastifyRequest>();
    const asked = cuirassApi.test(url) ? null : placeIn(query);
    if (asked !== null) {
      throw new ProblemException({
        status: 400,
        kind: 'invalid-query',
        detail: 'The query cannot be used.',
        errors: [{ parameter: asked.slice(1), detail }],
      });
    }
    const sent = placeIn(body);
    if (sent === null) return next.handle();
    throw new ProblemException({
      status: 422,
      kind: 'invalid-body',
      detail: 'The body cannot be used.',
      errors: [{ pointer: sent, detail }],
    });
  }
}

const deepest = 64;

/** The JSON pointer of the first such text, or of what lies too deep; null: there is none. */
export function placeIn(value: unknown, depth = 0): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : '';
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return null;
  if (depth === deepest) return '';
  const entries: Iterable<[string, unknown]> =
    value instanceof URLSearchParams ? value : Object.entries(value);
  for (const [key, one] of entries) {
    const below = isStorable(key) ? placeIn(one, depth + 1) : '';
    if (below !== null) return `${jsonPointer([key])}${below}`;
  }
  return null;
}

function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
