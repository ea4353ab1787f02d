/**
 * Checks what comes in against the zod schema that its decorator names (`@Body({ schema })`): a
 * body is refused with JSON pointers, a query with parameter names, and a path that cannot be is
 * not found.
 */
import {
  StandardSchemaValidationPipe,
  type ArgumentMetadata,
  type PipeTransform,
} from '@nestjs/common';
import { faultsOf } from '#protocol/api/problem.js';
import { notFound, ProblemException } from './problem.js';

type Issues = Parameters<typeof faultsOf>[0];

class Refused extends Error {
  constructor(readonly issues: Issues) {
    super('refused by its schema');
  }
}

export class SchemaPipe implements PipeTransform {
  private readonly pipe = new StandardSchemaValidationPipe({
    exceptionFactory: (issues) => new Refused(issues as Issues),
  });

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    try {
      return await this.pipe.transform(value, metadata);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw problemOf(error.issues, metadata.type);
    }
  }
}

function problemOf(issues: Issues, from: ArgumentMetadata['type']): ProblemException {
  const faults = faultsOf(issues);
  if (from === 'param') return notFound('such address');
  if (from === 'query') {
    return new ProblemException({
      status: 400,
      kind: 'invalid-query',
      detail: 'The query cannot be used.',
      errors: faults.map(({ pointer, detail }) => ({
        parameter: (pointer ?? '').slice(1),
        detail,
      })),
    });
  }
  return new ProblemException({
    status: 422,
    kind: 'invalid-body',
    detail: 'The body cannot be used.',
    errors: faults,
  });
}
