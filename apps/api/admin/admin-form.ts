/** Reads the forms of /admin, and nothing else that can be sent to it. */
import type { FastifyRequest } from 'fastify';
import { ProblemException } from '#nest/problem.js';

/** A browser ends the lines of a text with CR LF, whatever they were. */
export function formOf({ body }: Pick<FastifyRequest, 'body'>): URLSearchParams {
  if (body instanceof URLSearchParams) {
    const lines = (text: string): string => text.replaceAll('\r\n', '\n');
    return new URLSearchParams([...body].map(([name, value]) => [name, lines(value)]));
  }
  throw new ProblemException({
    status: 415,
    kind: 'unsupported-media-type',
    detail: 'A form is wanted here; programs use /api/v1.',
  });
}

/** The value of a field; '' where there is none. */
export function fieldIn(values: URLSearchParams, name: string): string {
  return (values.get(name) ?? '').trim();
}
