/** The words of a search as an expression. */
import { ProblemException } from '#nest/problem.js';
import type { LogSearchQuery } from '#protocol/api/log.js';

/** Throws 422 for an expression that is none. */
export function expressionOf(query: Pick<LogSearchQuery, 'q' | 'regex' | 'case'>): RegExp {
  const source =
    query.regex === 'true' ? query.q : query.q.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  // Letters beyond ASCII have no small form without it; all others are found faster without.
  const unicode = /[^\x00-\x7f]/.test(query.q) ? 'u' : '';
  const flags = `${query.case === 'true' ? '' : 'i'}${unicode}`;
  try {
    return new RegExp(source, flags);
  } catch (error) {
    const detail = `This is no regular expression: ${(error as Error).message}.`;
    const errors = [{ parameter: 'q', detail: (error as Error).message }];
    throw new ProblemException({ status: 422, kind: 'malformed-expression', detail, errors });
  }
}
